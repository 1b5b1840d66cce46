"""Every member of the family: its plan says what its network is and does, and it trains with all probes."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from resnet_core.architecture import Op, Plan, plan_of
from resnet_core.config import ModelConfig, SettingsError, field_of, from_flat
from resnet_core.members import relevant_settings
from resnet_core.models import build_model
from resnet_core.models.layout import activations, layout_of, merges, weights
from resnet_core.records import QUANTITIES
from resnet_core.train import TrainingState, initial_state, train
from tests.core.random_configs import members
from tests.core.twins import pictures

SIDES = st.sampled_from([16, 28, 32])
EACH = [
    {"family": "mlp", "depth": 20, "width": 16},
    {"family": "mlp", "depth": 50, "width": 16, "skip": "gated", "norm": "none"},
    {"family": "alexnet", "depth": 8, "width": 4},
    {"family": "vgg", "depth": 19, "width": 4},
    {"family": "googlenet", "depth": 22, "width": 4},
    {"skip": "dense", "depth": 10, "growth": 4},
    {"skip": "dense", "depth": 10, "growth": 4, "block": "bottleneck", "compression": 0.5},
]


def built(flat: dict, side: int = 16, channels: int = 1) -> nn.Module:
    return build_model(ModelConfig(**flat), channels, 10, seed=0, side=side)


def outputs_by_module(network: nn.Module, images: Tensor) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}

    def watch(name: str):
        return lambda module, inputs, output: found.update({name: output})

    handles = [module.register_forward_hook(watch(name)) for name, module in network.named_modules()]
    network(images)
    for handle in handles:
        handle.remove()
    return found


def multiply_adds_of(op: Op, network: nn.Module, output: Tensor) -> int:
    """What every number of an output takes, times how many there are."""
    weight = getattr(network.get_submodule(op.name), "weight", None)
    return output[0].numel() * weight[0].numel() if weight is not None and weight.ndim > 1 else 0


@settings(max_examples=80)
@given(members(), SIDES, st.sampled_from([1, 3]))
def test_the_plan_says_what_the_network_is_and_does(flat, side, channels):
    network = built(flat, side, channels)
    plan = network.plan
    assert [(name, tuple(p.shape)) for name, p in network.named_parameters()] == list(plan.parameters.items())
    assert plan.parameter_count == sum(p.numel() for p in network.parameters())
    assert plan.depth == flat["depth"]
    found = outputs_by_module(network, pictures(2, channels, side))
    for op in plan.ops:
        assert tuple(found[op.name].shape[1:]) == op.outputs, op.name
        assert op.multiply_adds == multiply_adds_of(op, network, found[op.name]), op.name
    for unit in plan.units:
        if unit.merge:
            assert tuple(found[unit.merge_name].shape[1:]) == unit.outputs, unit.name


@settings(max_examples=60)
@given(members(), SIDES)
def test_shapes_go_on_from_operation_to_operation_and_from_unit_to_unit(flat, side):
    plan = plan_of(ModelConfig(**flat), 3, 10, side)
    assert plan.units[0].inputs == plan.inputs == (3, side, side)
    assert plan.units[-1].outputs == (10,)
    assert plan.ops[-1].kind == "linear"
    for one, then in itertools.pairwise(plan.units):
        assert one.outputs == then.inputs
    for unit in plan.units:
        start = unit.before[-1].outputs if unit.before else unit.inputs
        for path in unit.paths:
            assert [op.inputs for op in path.ops] == [start, *(op.outputs for op in path.ops)][:-1]
        assert (unit.merge is None) == (len(unit.paths) == 1)


@settings(max_examples=60)
@given(members())
def test_names_are_names_of_one_thing(flat):
    plan = plan_of(ModelConfig(**flat), 1, 10, 16)
    names = [op.name for op in plan.ops]
    assert len(set(names)) == len(names)
    units = [unit.name or unit.stage for unit in plan.units]  # a unit without a name is known by its stage
    assert len(set(units)) == len(units)


@settings(max_examples=80)
@given(members())
def test_every_weight_gets_a_gradient_unless_its_initial_values_forbid_it(flat):
    network = built(flat)
    network(pictures(4, 1)).logsumexp(1).sum().backward()
    missing = [name for name, p in network.named_parameters() if p.grad is None]
    assert not missing
    is_silent = flat["init"] in ("zero-gamma", "fixup", "skipinit") or flat["survival"] < 1
    if not is_silent and flat["activation"] in ("tanh", "gelu") and flat["norm"] in ("batch", "layer"):
        assert network.get_submodule(network.plan.ops[-1].name).weight.grad.any()
        assert next(network.parameters()).grad.any()


@settings(max_examples=60)
@given(members())
def test_what_is_measured_by_layer_and_by_unit_is_where_the_layout_says(flat):
    network = built(flat)
    layout, modules = layout_of(network), dict(network.named_modules())
    assert [layer.name for layer in layout.layers] == [
        op.name for op in network.plan.ops if op.kind in ("conv", "linear")
    ]
    for layer, weight in zip(layout.layers, weights(network), strict=True):
        assert modules[layer.name].weight is weight
    assert len(activations(network)) == len(layout.layers)
    assert layout.blocks == tuple(name for name, _ in merges(network))
    depths = [layer.depth for layer in layout.layers]
    assert (depths[0], depths[-1], set(depths)) == (1, flat["depth"], set(range(1, flat["depth"] + 1)))


@settings(max_examples=80)
@given(members(families=("mlp", "resnet", "alexnet")))
def test_settings_that_are_said_to_have_no_effect_have_none(flat):
    model = ModelConfig(**flat)
    without = set(flat) - set(relevant_settings(model)) - {"family", "depth"}
    other = ModelConfig(**flat | {name: field_of(name).default for name in without})
    assert plan_of(other, 1, 10, 16) == plan_of(model, 1, 10, 16)
    one, two = (build_model(m, 1, 10, seed=0, side=16).state_dict() for m in (model, other))
    assert all(torch.equal(one[name], two[name]) for name in one)


def watched(flat: dict, few, steps: int) -> tuple[TrainingState, list]:
    watching = {
        f"probe_{name}": 1 for name in ("gradient_norm", "activations", "branch_ratio", "update_ratio")
    }
    config = from_flat(
        flat | watching | {"steps": steps, "batch": 8, "learning_rate": 0.01, "warmup_steps": 0}
    )
    state = initial_state(config)
    return state, list(train(config, state, few))


@settings(max_examples=25)
@given(flat=members())
def test_every_member_trains_with_all_probes(flat, few):
    state, records = watched(flat, few, steps=3)
    layout = layout_of(state.model)
    assert len(records) == 3
    for record in records:
        assert record.quantities.keys() >= {"gradient_norm", "activation_std", "branch_ratio", "update_ratio"}
        for name, numbers in record.quantities.items():
            assert numbers.shape == (layout.size(name),), name
            assert name in QUANTITIES


@pytest.mark.parametrize("flat", EACH, ids=lambda flat: "-".join(map(str, flat.values())))
def test_each_family_learns_its_first_batches(flat, few):
    _, records = watched(flat, few, steps=30)
    losses = [record.loss for record in records]
    assert all(math.isfinite(loss) for loss in losses)
    assert min(losses[-10:]) < losses[0]


@pytest.mark.parametrize("flat", EACH, ids=lambda flat: "-".join(map(str, flat.values())))
def test_the_same_seed_gives_the_same_network_and_every_parameter_its_own_values(flat):
    one, same = built(flat).state_dict(), built(flat).state_dict()
    assert all(torch.equal(one[name], same[name]) for name in one)
    drawn = [value for value in one.values() if value.ndim > 1 and value.any()]
    for a, b in itertools.combinations(drawn, 2):
        assert a.shape != b.shape or not torch.equal(a, b)


@pytest.mark.parametrize(("family", "depth"), [("mlp", 20), ("vgg", 11)])
def test_hidden_linear_layers_of_he_have_variance_2_over_fan_in(family, depth):
    plan = plan_of(ModelConfig(family=family, depth=depth, width=64), 3, 10, 16)
    network = build_model(ModelConfig(family=family, depth=depth, width=64), 3, 10, 0, side=16)
    hidden = [op for op in plan.ops if op.kind == "linear" and op is not plan.ops[-1]]
    for op in hidden:
        weight = network.get_submodule(op.name).weight.detach()
        assert float(weight.var()) * op.inputs[0] / 2 == pytest.approx(1, rel=0.1), op.name


@pytest.mark.parametrize(
    "flat",
    [{"family": "mlp", "depth": 8, "skip": "dense"}, {"family": "vgg", "depth": 12}, {"family": "alexnet"}],
)
def test_what_cannot_be_is_refused_with_the_field_in_front(flat):
    with pytest.raises(SettingsError, match=r"^(skip|depth): "):
        from_flat(flat)


def test_a_plan_is_made_once():
    model = ModelConfig(skip="dense", depth=40)
    assert isinstance(plan_of(model, 3, 10, 32), Plan)
    assert plan_of(model, 3, 10, 32) is plan_of(model, 3, 10, 32)
