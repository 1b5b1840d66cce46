"""At the start a unit of zero-gamma, ReZero, SkipInit or Fixup hands on its shortcut alone, exactly.

Goyal et al. 2017; ReZero (arXiv:2003.04887); SkipInit (arXiv:2002.10444); Fixup (arXiv:1901.09321).
"""

import itertools

import pytest
import torch
from torch import Tensor, nn

from resnet_core.architecture import Op, Unit
from resnet_core.config import ModelConfig
from resnet_core.models import build_model

ORDERS = ("post", "pre", "relu-pre", "bn-after", "relu-before")
DEPTHS = {"single": 8, "basic": 14, "triple": 20, "bottleneck": 20}  # two units a stage
ZERO_GAMMA = [
    {"init": "zero-gamma", "order": order, "norm": norm}
    for order, norm in itertools.product(("post", "relu-pre", "relu-before"), ("batch", "group", "layer"))
]
SKIPINIT = [{"init": "skipinit", "order": order, "norm": n} for order in ORDERS for n in ("batch", "none")]
FIXUP = [{"init": "fixup", "norm": "none", "activation": kind} for kind in ("relu", "gelu", "tanh")]
STARTS = [*ZERO_GAMMA, *SKIPINIT, *FIXUP, {"init": "skipinit", "activation": "sigmoid"}]

MORE = [{}, {"shortcut": "B"}, {"block": "bottleneck"}, {"block": "single"}, {"family": "mlp"}]
MEMBERS = [start | more for start, more in itertools.product(STARTS, MORE)]
MEMBERS = [flat for flat in MEMBERS if (flat.get("family"), flat.get("norm")) != ("mlp", "group")]


def built(flat: dict) -> nn.Module:
    block = flat.get("block", "basic")
    return build_model(ModelConfig(**{"width": 4, "depth": DEPTHS[block]} | flat), 1, 10, seed=0, side=16)


def pictures(clothes, count: int = 6) -> Tensor:
    return clothes.normalize(clothes.train_images[:count])


def through(network: nn.Module, ops: tuple[Op, ...], x: Tensor) -> Tensor:
    for op in ops:
        x = network.get_submodule(op.name)(x)
    return x


def shortcut_alone(network: nn.Module, unit: Unit, x: Tensor) -> Tensor:
    """What the unit would make of `x` if there were no branch."""
    return through(network, (*unit.before, *unit.shortcut.ops, *unit.after), x)


def seen(network: nn.Module, images: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
    """What went into and came out of each unit that has a skip."""
    found: dict[str, tuple[Tensor, Tensor]] = {}
    for unit in network.plan.skip_units:
        network.get_submodule(unit.name).register_forward_hook(
            lambda module, inputs, output, name=unit.name: found.update({name: (inputs[0], output)})
        )
    network(images)
    return found


@pytest.mark.parametrize("flat", MEMBERS, ids=lambda flat: "-".join(flat.values()))
@torch.no_grad()
def test_units_hand_on_their_shortcut_and_nothing_else(clothes, flat):
    network = built(flat)
    found = seen(network, pictures(clothes))
    assert len(found) == 6
    for unit in network.plan.skip_units:
        x, y = found[unit.name]
        assert torch.equal(y, shortcut_alone(network, unit, x)), unit.name


@pytest.mark.parametrize("start", [ZERO_GAMMA[0], FIXUP[0], SKIPINIT[0]], ids=lambda start: start["init"])
@torch.no_grad()
def test_in_post_order_that_is_the_relu_of_the_input(start):
    x = torch.randn(5, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    for is_training in (True, False):
        unit = built(start).layer1[1].train(is_training)
        assert torch.equal(unit(x), x.relu())
        assert torch.equal(unit(x.relu()), x.relu())


@torch.no_grad()
def test_in_pre_order_that_is_the_input_itself(clothes):
    found = seen(built({"init": "skipinit", "order": "pre"}), pictures(clothes))
    for name in ("layer1.0", "layer1.1", "layer2.1", "layer3.1"):
        x, y = found[name]
        assert torch.equal(x, y)
        assert (x < 0).any()


@pytest.mark.parametrize("start", [FIXUP[0], {"init": "skipinit", "norm": "none"}], ids=lambda s: s["init"])
@torch.no_grad()
def test_a_network_of_110_layers_starts_as_its_stem_and_its_classifier(clothes, start):
    network = build_model(ModelConfig(depth=110, width=2, **start), 1, 10, seed=0)
    stem, *units, head = network.plan.units
    x = through(network, tuple(stem.ops), images := pictures(clothes))
    for stage in range(3):  # all that happens on the way is two paddings
        x = shortcut_alone(network, units[18 * stage], x)
    assert torch.equal(network(images), through(network, tuple(head.ops), x))


@torch.no_grad()
def test_fixup_starts_with_logits_of_zero(clothes):
    assert not built(FIXUP[0])(pictures(clothes)).any()


@pytest.mark.parametrize(
    ("block", "exponent"), [("basic", -1 / 2), ("bottleneck", -1 / 4), ("triple", -1 / 4)]
)
def test_fixup_ends_a_branch_in_zeros_and_shrinks_its_other_layers(block, exponent):
    # By L^(-1 / (2m - 2)) with L = 6 branches of m layers.
    flat = {"norm": "none", "block": block}
    fixup, he = (dict(built(flat | {"init": init}).layer2[1].named_parameters()) for init in ("fixup", "he"))
    *others, last = [name for name in he if name.endswith("weight")]
    for name in others:
        assert torch.equal(fixup[name], he[name] * 6**exponent)
    assert not fixup[last].any()
    assert all(value == ("scale" in name) for name, value in fixup.items() if value.numel() == 1)


@pytest.mark.parametrize("start", [ZERO_GAMMA[0], FIXUP[0], SKIPINIT[0]], ids=lambda start: start["init"])
def test_the_first_step_moves_only_what_holds_the_branch_back(clothes, start):
    # dloss/dw of anything before a factor of 0 is 0, and dloss/dfactor is not.
    network = built(start)
    if start["init"] == "fixup":  # its classifier is 0 as well, and would hold everything back
        nn.init.ones_(network.fc.weight)
    network(pictures(clothes)).square().sum().backward()
    unit = network.layer1[1]
    assert not unit.conv1.weight.grad.any()
    last = {"zero-gamma": "bn2", "fixup": "conv2", "skipinit": "alpha"}[start["init"]]
    assert getattr(unit, last).weight.grad.any()
