"""Weights to a file and back: bit for bit, or not at all, with the first differences."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save, save_file
from torch import nn

from resnet_core.architecture.imagenet import imagenet_plan
from resnet_core.config import ModelConfig, from_flat
from resnet_core.models import build_model
from resnet_core.models.network import Network
from resnet_core.runs import foreign_weights
from resnet_core.weights import WeightsError, export_weights, import_weights, weights_bytes
from tests.core.random_configs import members

SMALL = ModelConfig(depth=8, width=2)
FIRST, LAST = "conv1.weight", "fc.bias"


def network(model: ModelConfig = SMALL, seed: int = 0) -> nn.Module:
    return build_model(model, 1, 10, seed, 16)


def bits(module: nn.Module) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in module.state_dict().items()}


# There and back.


@given(members())
@settings(max_examples=25)
def test_any_member_takes_back_what_it_gave_bit_for_bit(tmp_path_factory, drawn):
    path = tmp_path_factory.mktemp("weights") / "net.safetensors"
    model = from_flat(drawn).model
    given, taking = network(model, seed=1), network(model, seed=2)
    given.train()(torch.randn(4, 1, 16, 16))  # buffers that are not as they were made
    before = bits(given)
    export_weights(given, path)
    import_weights(taking, path)
    assert bits(taking) == before == bits(given)


def test_infinity_nan_and_negative_zero_are_kept(tmp_path):
    given, taking = network(seed=1), network(seed=2)
    with torch.no_grad():
        given.fc.bias[:4] = torch.tensor([float("nan"), float("inf"), -float("inf"), -0.0])
    export_weights(given, tmp_path / "net.safetensors")
    import_weights(taking, tmp_path / "net.safetensors")
    assert bits(taking) == bits(given)


def test_names_and_shapes_in_the_file_are_those_of_the_modules():
    given = network()
    content = load(weights_bytes(given))
    assert {name: array.shape for name, array in content.items()} == {
        name: tuple(tensor.shape) for name, tensor in given.state_dict().items()
    }
    assert {"conv1.weight", "bn1.running_mean", "layer1.0.conv2.weight", "fc.bias"} <= content.keys()


def test_torchvision_reads_what_is_written_here_and_the_other_way_round(tmp_path):
    theirs = torchvision.models.resnet18().eval()
    ours = Network(imagenet_plan("resnet18", 64)).eval()
    save_file({name: t.numpy() for name, t in theirs.state_dict().items()}, tmp_path / "theirs.safetensors")
    import_weights(ours, tmp_path / "theirs.safetensors")
    assert bits(ours) == bits(theirs)
    back = {name: torch.from_numpy(array) for name, array in load(weights_bytes(ours)).items()}
    theirs.load_state_dict(back, strict=True)


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "net.safetensors"
    path.write_bytes(b"something else")
    export_weights(network(), path)
    import_weights(network(seed=3), path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["net.safetensors"]


def test_parameters_stay_the_same_tensors_so_that_an_optimizer_still_holds_them(tmp_path):
    taking = network(seed=2)
    held = dict(taking.named_parameters())
    export_weights(network(seed=1), tmp_path / "net.safetensors")
    import_weights(taking, tmp_path / "net.safetensors")
    assert all(held[name] is parameter for name, parameter in taking.named_parameters())
    assert all(parameter.requires_grad for parameter in taking.parameters())


# Refused.


def with_tensors(change: Callable[[dict[str, np.ndarray]], object]) -> bytes:
    tensors = load(weights_bytes(network(seed=1)))
    change(tensors)
    return save(tensors)


def reshaped(name: str, shape: tuple[int, ...]) -> bytes:
    return with_tensors(lambda tensors: tensors.update({name: np.zeros(shape, np.float32)}))


def cast(name: str, dtype: type) -> bytes:
    return with_tensors(lambda tensors: tensors.update({name: tensors[name].astype(dtype)}))


def header(content: bytes | dict, body: bytes = b"") -> bytes:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return struct.pack("<Q", len(text)) + text + body


def entry(dtype: str = "F32", shape: object = (1,), end: int = 4) -> dict:
    return {"a": {"dtype": dtype, "shape": shape, "data_offsets": [0, end]}}


WHOLE = weights_bytes(network(seed=1))
OTHER = weights_bytes(network(ModelConfig(depth=8, width=2, skip="gated")))
CASES = {
    "empty": (b"", "no readable list of tensors"),
    "seven bytes": (WHOLE[:7], "no readable list of tensors"),
    "text": (b"these are no weights at all", "no readable list of tensors"),
    "a zip, as of torch.save": (b"PK\3\4" + bytes(200), "no readable list of tensors"),
    "a list that is longer than the file": (struct.pack("<Q", 2**20) + b"{}", "no readable list of tensors"),
    "a list of 2^63 bytes": (struct.pack("<Q", 2**63) + WHOLE[8:], "no readable list of tensors"),
    "no JSON": (header(b"{not json}"), "not a safetensors file, or damaged"),
    "JSON of another kind": (header(b"[1, 2]"), "not a safetensors file, or damaged"),
    "the end cut off": (WHOLE[:-1], "not a safetensors file, or damaged"),
    "something added": (WHOLE + b"x", "not a safetensors file, or damaged"),
    "a shape that does not fit its bytes": (header(entry(shape=[9]), bytes(4)), "or damaged"),
    "a shape that overflows": (header(entry(shape=[2**62, 8]), bytes(4)), "or damaged"),
    "a negative side": (header(entry(shape=[-1]), bytes(4)), "or damaged"),
    "a type that there is not": (header(entry(dtype="\x1b[31mX"), bytes(4)), "or damaged"),
    "no tensors": (header({}), r"missing: conv1.weight \(2, 1, 3, 3\), .* and 41 more"),
    "one missing": (with_tensors(lambda t: t.pop(LAST)), r"missing: fc.bias \(10,\)$"),
    "a buffer missing": (with_tensors(lambda t: t.pop("bn1.running_var")), r"missing: bn1.running_var \(2"),
    "one too many": (with_tensors(lambda t: t.update(more=np.zeros(1))), "unexpected: more$"),
    "another name": (with_tensors(lambda t: t.update({"Fc.bias": t.pop(LAST)})),
                     r"missing: fc.bias \(10,\); unexpected: Fc.bias$"),
    "another network": (OTHER, "unexpected: layer1.0.gate.bias, .* and 3 more"),
    "another number of channels": (reshaped(FIRST, (4, 1, 3, 3)),
        r"other shapes: conv1.weight is \(4, 1, 3, 3\) in the file and \(2, 1, 3, 3\) in the network$"),
    "as many numbers in another order": (reshaped("fc.weight", (8, 10)),
                                         r"\(8, 10\) in the file and \(10, 8\)"),
    "a scalar that has a side": (with_tensors(
        lambda t: t.update({"bn1.num_batches_tracked": np.zeros(1, np.int64)})),
        r"num_batches_tracked is \(1,\) in the file and \(\)"),
    "half precision": (cast(FIRST, np.float16), "conv1.weight is float16 in the file and float32 in the"),
    "double precision": (cast(LAST, np.float64), "other types: fc.bias is float64 in the file"),
    "whole numbers": (cast(LAST, np.int32), "fc.bias is I32 in the file and float32 in the network"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "words"), CASES.values(), ids=CASES)
def test_what_does_not_fit_is_refused_and_changes_nothing(tmp_path, content, words):
    path = tmp_path / "net.safetensors"
    path.write_bytes(content)
    assert_refused(path, words)


def assert_refused(path: Path, words: str) -> None:
    taking = network(seed=2)
    before = bits(taking)
    with pytest.raises(WeightsError, match=words) as raised:
        import_weights(taking, path)
    assert bits(taking) == before
    assert str(raised.value).startswith(path.name)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 1000


def test_a_file_that_is_not_there_or_none_is_refused(tmp_path):
    assert_refused(tmp_path / "nowhere.safetensors", "not there, or not a file")
    assert_refused(tmp_path, "not there, or not a file")


def test_a_file_that_is_too_large_is_refused_unread(tmp_path, monkeypatch):
    path = tmp_path / "net.safetensors"
    path.write_bytes(WHOLE + bytes(2**21))
    monkeypatch.setattr(foreign_weights, "MAX_WEIGHTS_BYTES", 2**20)
    assert_refused(path, "has 2 MiB; at most 1 are possible")


def test_every_kind_of_difference_is_told_with_its_first_three(tmp_path):
    def change(tensors: dict[str, np.ndarray]) -> None:
        names = list(network().state_dict())
        for name in names[:5]:
            del tensors[name]
        tensors.update({f"extra{i}": np.zeros(1, np.float32) for i in range(4)})
        tensors[LAST] = tensors[LAST].astype(np.float16)
        tensors["fc.weight"] = np.zeros((10, 9), np.float32)

    (tmp_path / "net.safetensors").write_bytes(with_tensors(change))
    assert_refused(
        tmp_path / "net.safetensors",
        r"^net.safetensors does not fit this network: "
        r"missing: conv1.weight \(2, 1, 3, 3\), bn1.weight \(2,\), bn1.bias \(2,\) and 2 more; "
        r"unexpected: extra0, extra1, extra2 and 1 more; "
        r"other shapes: fc.weight is \(10, 9\) in the file and \(10, 8\) in the network; "
        r"other types: fc.bias is float16 in the file and float32 in the network$",
    )


def test_a_name_from_elsewhere_is_shown_short_and_plain(tmp_path):
    name = "\x1b[31m<script>" + "x" * 5000
    (tmp_path / "net.safetensors").write_bytes(with_tensors(lambda t: t.update({name: np.zeros(1)})))
    assert_refused(tmp_path / "net.safetensors", r"unexpected: \?\[31m<script>x+\.\.\.$")


@given(st.data())
@settings(max_examples=60)
def test_a_damaged_file_is_refused_or_read_whole(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("damaged") / "net.safetensors"
    damaged = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, 6000))] = data.draw(st.integers(0, 255))
    path.write_bytes(damaged)
    taking = network(seed=2)
    before = bits(taking)
    try:
        import_weights(taking, path)
    except WeightsError:
        assert bits(taking) == before
    else:
        assert bits(taking) == {name: array.tobytes() for name, array in load(bytes(damaged)).items()}
