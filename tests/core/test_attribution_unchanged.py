"""An explanation changes nothing: no weight, no buffer, no `.grad`, no mode, no random number, no hook."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from resnet_core.attribution import method_map, usual_layer, watched
from resnet_core.config import from_flat
from resnet_core.instruments import Subject
from resnet_core.instruments.settled import settled
from resnet_core.models import build_model
from resnet_core.options import BLOCK_METHODS, METHODS, ExplainedOptions
from resnet_core.saliency.block_maps import block_maps
from resnet_core.train import initial_state, train
from tests.core.whole_runs import OFF, are_bit_equal, numbers_of, whole_run

RUN = OFF | {
    "depth": 8,
    "width": 2,
    "batch": 4,
    "steps": 3,
    "warmup_steps": 0,
    "eval_every": 9,
    "eval_images": 4,
}


def modules_of(network: nn.Module) -> Iterator[nn.Module]:
    yield from network.modules()
    yield from network.units  # some are no submodules


def hooks_on(network: nn.Module) -> int:
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(module, kind)) for module in modules_of(network) for kind in kinds)


def everything_in(network: nn.Module) -> list[bytes | None]:
    tensors: list[Tensor | None] = list(network.state_dict().values())
    tensors += [parameter.grad for parameter in network.parameters()]
    return [None if tensor is None else tensor.numpy().tobytes() for tensor in tensors]


def attributes_of(network: nn.Module) -> list[set[str]]:
    return [set(vars(module)) for module in modules_of(network)]


@pytest.fixture
def network() -> nn.Module:
    network = build_model(from_flat({"depth": 8, "width": 2}).model, 1, 10, 0, 8).eval()
    for index, parameter in enumerate(network.parameters()):
        parameter.grad = torch.full_like(parameter, index) if index % 2 else None
    return network


def test_nothing_is_changed_by_a_thousand_explanations(network):
    before, names, modes = (
        everything_in(network),
        attributes_of(network),
        [m.training for m in modules_of(network)],
    )
    images, targets = (
        torch.randn(34, 1, 8, 8, generator=torch.Generator().manual_seed(0)),
        torch.arange(34) % 10,
    )
    random_numbers, copies = torch.get_rng_state(), images.clone()
    explained = 0
    for method in METHODS + 3 * BLOCK_METHODS:
        explained += len(method_map(network, usual_layer(network), method, images, targets))
    assert explained >= 1000
    assert everything_in(network) == before
    assert attributes_of(network) == names
    assert [module.training for module in modules_of(network)] == modes
    assert torch.equal(torch.get_rng_state(), random_numbers)
    assert torch.equal(images, copies)
    assert images.grad is None
    assert not images.requires_grad
    assert hooks_on(network) == 0


@pytest.mark.parametrize("method", METHODS)
def test_no_hook_stays_when_the_pass_fails(network, method):
    before, names = everything_in(network), attributes_of(network)
    with pytest.raises(RuntimeError, match="channels"):
        method_map(network, usual_layer(network), method, torch.zeros(1, 5, 8, 8), torch.tensor([0]))
    with pytest.raises(ValueError, match="target: 11"):
        watched(network, network.units, torch.zeros(1, 1, 8, 8), torch.tensor([11]))
    assert hooks_on(network) == 0
    assert everything_in(network) == before
    assert attributes_of(network) == names


def test_an_explanation_between_steps_leaves_the_run_bit_equal(few):
    config = from_flat(RUN)
    undisturbed, records = whole_run(config, few)
    state, found = initial_state(config), []
    torch.manual_seed(1)
    random_numbers = torch.get_rng_state()
    for record in train(config, state, few):
        found.append(record)
        subject = Subject(config, state.model, few, state.step)
        block_maps(subject, ExplainedOptions())
        copy = settled(state.model, subject.batch[0])
        for method in METHODS:
            method_map(copy, usual_layer(copy), method, *(part[:2] for part in subject.batch))
    assert numbers_of(found) == numbers_of(records)
    assert are_bit_equal(state, undisturbed)
    assert torch.equal(torch.get_rng_state(), random_numbers)
