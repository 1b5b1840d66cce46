"""A network's weights and buffers to a safetensors file and back, under the names of its modules.

Names are torchvision's, so a network that torchvision has, too, exchanges its weights with it.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from safetensors.torch import save
from torch import Tensor, nn

from resnet_core.runs.durable import write_whole
from resnet_core.runs.foreign_weights import WeightsError, opened_weights

__all__ = ["WeightsError", "export_weights", "import_weights", "storable", "weights_bytes"]

SHOWN = 3  # differences of a kind
SHOWN_LETTERS = 80  # of a name from elsewhere
DTYPES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64"}


class _Form(NamedTuple):
    shape: tuple[int, ...]
    dtype: str


def weights_bytes(network: nn.Module) -> bytes:
    """The state of `network` as the content of a safetensors file."""
    return save(storable(network.state_dict()))


def storable(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors as safetensors takes them: on the CPU, each in one piece."""
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}


def export_weights(network: nn.Module, path: Path) -> None:
    """Write the state of `network` to a safetensors file, which is there whole or not at all."""
    write_whole(path, weights_bytes(network))


def import_weights(network: nn.Module, path: Path) -> None:
    """Give `network` every parameter and buffer from a safetensors file, bit for bit.

    Raises `WeightsError` when the file is none or its names, shapes or dtypes are not exactly the network's,
    with the first differences of each kind; nothing of the network is changed then.
    """
    expected = {name: _form(tensor) for name, tensor in network.state_dict().items()}
    with opened_weights(path, framework="pt") as file:
        found = {name: _form_in(file, name) for name in file.keys()}  # noqa: SIM118 not a dict
        if told := "; ".join(_differences(found, expected)):
            raise WeightsError(f"{path.name} does not fit this network: {told}")
        tensors = {name: file.get_tensor(name) for name in expected}
    network.load_state_dict(tensors)


def _form(tensor: Tensor) -> _Form:
    return _Form(tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))


def _form_in(file: object, name: str) -> _Form:
    tensor = file.get_slice(name)
    return _Form(tuple(tensor.get_shape()), DTYPES.get(tensor.get_dtype(), tensor.get_dtype()))


def _differences(found: Mapping[str, _Form], expected: Mapping[str, _Form]) -> Iterator[str]:
    both = [(name, found[name], expected[name]) for name in expected if name in found]
    yield from _told("missing", [f"{name} {expected[name].shape}" for name in expected if name not in found])
    yield from _told("unexpected", [_short(name) for name in found if name not in expected])
    yield from _told("other shapes", _unequal(both, "shape"))
    yield from _told("other types", _unequal(both, "dtype"))


def _unequal(both: Iterable[tuple[str, _Form, _Form]], what: str) -> list[str]:
    compared = [(name, getattr(ours, what), getattr(theirs, what)) for name, ours, theirs in both]
    return [
        f"{name} is {_short(str(here))} in the file and {there} in the network"
        for name, here, there in compared
        if here != there
    ]


def _told(kind: str, differences: list[str]) -> Iterator[str]:
    if differences:
        more = len(differences) - SHOWN
        yield f"{kind}: {', '.join(differences[:SHOWN])}" + (f" and {more} more" if more > 0 else "")


def _short(text: str) -> str:
    plain = "".join(c if c.isprintable() else "?" for c in text[: SHOWN_LETTERS + 1])
    return plain if len(plain) <= SHOWN_LETTERS else plain[: SHOWN_LETTERS - 3] + "..."
