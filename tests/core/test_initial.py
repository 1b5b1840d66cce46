"""Initial values: a function of (seed, name), with the variances of the papers."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from resnet_core.architecture.plan import WEIGHTED
from resnet_core.config import ModelConfig, RunConfig
from resnet_core.models import build_model
from tests.core.random_configs import members, networks
from tests.core.whole_runs import made_under_two_global_seeds

ARMS = [
    ModelConfig(depth=depth, skip=skip, norm=norm, shortcut=shortcut, width=4)
    for depth, skip, norm, shortcut in itertools.product(
        (8, 14), ("none", "identity"), ("batch", "none"), ("A", "B")
    )
]
FIXUP = {"scale", "shift1", "shift2", *(f"shift{i}{at}" for i in (1, 2) for at in "ab")}
# Members that differ in one thing: the seam, the order, the chances, the norm.
SEAMS = [{"skip": skip} for skip in ("none", "identity", "scaled", "gated", "conv1x1", "dropout")]
SEAMS += [{"skip": "gated", "gate": "shortcut", "gate_bias": -4}, {"survival": 0.5}]
SEAMS += [{"order": order} for order in ("pre", "relu-pre", "bn-after", "relu-before")]
SEAMS += [{"norm": norm} for norm in ("group", "layer", "none")] + [{"activation": "gelu"}, {"shortcut": "B"}]


def state_of(model: ModelConfig, seed: int = 5) -> dict[str, torch.Tensor]:
    return build_model(model, 3, 10, seed).state_dict()


def convolutions_of(network: nn.Module) -> list[tuple[str, nn.Conv2d]]:
    return [(name, module) for name, module in network.named_modules() if isinstance(module, nn.Conv2d)]


def variance_in_units_of(unit, network: nn.Module) -> list[float]:
    """Each convolution's variance over `unit(convolution)`, for those of at least 2,000 weights."""
    large = [module for _, module in convolutions_of(network) if module.weight.numel() >= 2_000]
    return [float(module.weight.detach().var() / unit(module)) for module in large]


@pytest.mark.parametrize("init", ["he", "pytorch"])
def test_twins_share_every_parameter_they_have_in_common_bit_for_bit(init):
    states = [state_of(arm.model_copy(update={"init": init})) for arm in ARMS]
    for one, other in itertools.combinations(states, 2):
        common = one.keys() & other.keys()
        assert len(common) >= 9  # at least the eight weights and the classifier's bias
        assert all(torch.equal(one[name], other[name]) for name in common)


@pytest.mark.parametrize("family", ["resnet", "mlp"])
@pytest.mark.parametrize("init", ["he", "glorot", "pytorch"])
def test_members_of_the_family_share_every_parameter_they_have_in_common_bit_for_bit(family, init):
    usual = {"family": family, "depth": 14, "width": 4, "init": init}
    seams = [seam for seam in SEAMS if family == "resnet" or seam.get("norm") != "group"]
    states = [state_of(ModelConfig(**usual | seam)) for seam in seams]
    layers = [name for name in states[0] if name.endswith("weight") and states[0][name].ndim > 1]
    assert len(layers) == 14
    for one, other in itertools.combinations(states, 2):
        # A norm in front of a layer has other channels than one behind it, and is another parameter.
        common = {name for name in one.keys() & other.keys() if one[name].shape == other[name].shape}
        assert common >= set(layers)
        differing = {name for name in common if not torch.equal(one[name], other[name])}
        assert all("gate.bias" in name for name in differing)


def test_the_gates_of_two_kinds_differ_in_the_bias_that_was_chosen_alone():
    flat = {"depth": 8, "width": 4, "skip": "gated"}
    one, other = (
        state_of(ModelConfig(**flat | more)) for more in ({}, {"gate": "shortcut", "gate_bias": -4})
    )
    assert one.keys() == other.keys()
    differing = {name for name in one if not torch.equal(one[name], other[name])}
    assert differing == {f"layer{stage}.0.gate.bias" for stage in (1, 2, 3)}
    assert all((one[name] == -2).all() and (other[name] == -4).all() for name in differing)
    assert not any(one[name].any() for name in one if name.endswith("gate.weight"))


@pytest.mark.parametrize("init", ["zero-gamma", "skipinit", "fixup"])
def test_what_begins_with_the_identity_differs_from_he_where_its_rule_says_so(init):
    flat = {"depth": 14, "width": 4, "norm": "none" if init == "fixup" else "batch"}
    he, found = (state_of(ModelConfig(**flat, init=kind)) for kind in ("he", init))
    differing = {name for name in he.keys() & found.keys() if not torch.equal(he[name], found[name])}
    units = [f"layer{stage}.{unit}" for stage in (1, 2, 3) for unit in (0, 1)]
    rules = {
        "zero-gamma": {f"{unit}.bn2.weight" for unit in units},
        "skipinit": set(),
        "fixup": {f"{unit}.{conv}.weight" for unit in units for conv in ("conv1", "conv2")}
        | {"fc.weight", "fc.bias"},
    }
    assert differing == rules[init]
    new = {name.rpartition(".")[0].rpartition(".")[2] for name in found.keys() - he.keys()}
    assert new == {"zero-gamma": set(), "skipinit": {"alpha"}, "fixup": FIXUP}[init]


def test_plain_and_residual_of_depth_56_share_everything():
    plain, residual = (state_of(ModelConfig(depth=56, skip=skip, width=2)) for skip in ("none", "identity"))
    assert plain.keys() == residual.keys()
    assert all(torch.equal(plain[name], residual[name]) for name in plain)


@given(networks(), st.integers(0, 2**31 - 1))
@settings(max_examples=20)
def test_the_same_seed_gives_the_same_network_and_another_seed_another(flat, seed):
    model = ModelConfig(**flat)
    one, same, other = state_of(model, seed), state_of(model, seed), state_of(model, seed ^ 1)
    assert all(torch.equal(one[name], same[name]) for name in one)
    drawn = [name for name in one if name.endswith("weight") and "bn" not in name and one[name].ndim > 1]
    assert not any(torch.equal(one[name], other[name]) for name in drawn)


@pytest.mark.parametrize("init", ["he", "pytorch", "zero-gamma"])
def test_the_global_random_state_is_neither_read_nor_changed(init):
    model = ModelConfig(depth=8, width=4, init=init)
    one, other = made_under_two_global_seeds(lambda: state_of(model))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_no_two_layers_of_a_network_start_alike():
    weights = [module.weight for _, module in convolutions_of(build_model(ARMS[-1], 3, 10, 0))]
    for one, other in itertools.combinations(weights, 2):
        assert one.shape != other.shape or not torch.equal(one, other)


def test_he_has_variance_2_over_fan_out_and_is_normal():
    network = build_model(ModelConfig(depth=20, width=16, shortcut="B"), 3, 10, 0)
    found = variance_in_units_of(lambda conv: 2 / (conv.out_channels * math.prod(conv.kernel_size)), network)
    assert found == pytest.approx([1.0] * len(found), rel=0.1)
    weight = network.layer3[1].conv1.weight.detach()
    assert float(weight.mean() / weight.std()) == pytest.approx(0, abs=0.02)
    assert float((weight / weight.std()).pow(4).mean()) == pytest.approx(3, abs=0.1)  # a normal's kurtosis


def test_pytorch_has_variance_1_over_3_fan_in_and_is_uniform():
    network = build_model(ModelConfig(depth=20, width=16, norm="none", init="pytorch"), 3, 10, 0)
    found = variance_in_units_of(lambda conv: 1 / (3 * conv.weight[0].numel()), network)
    assert found == pytest.approx([1.0] * len(found), rel=0.1)
    for _, module in convolutions_of(network):
        bound = 1 / math.sqrt(module.weight[0].numel())
        assert float(module.weight.detach().abs().max()) <= bound
        assert float(module.bias.detach().abs().max()) <= bound
    weight = network.layer3[1].conv1.weight.detach()
    assert float((weight / weight.std()).pow(4).mean()) == pytest.approx(
        1.8, abs=0.05
    )  # a uniform's kurtosis


def test_pytorchs_own_initialisation_reaches_as_far():
    ours = build_model(ModelConfig(width=16, norm="none", init="pytorch"), 3, 10, 0)
    for one, theirs in ((ours.layer3[1].conv1, nn.Conv2d(64, 64, 3)), (ours.fc, nn.Linear(64, 10))):
        reached = [float(module.weight.detach().abs().max()) for module in (one, theirs)]
        assert reached[0] == pytest.approx(reached[1], rel=0.03)


@pytest.mark.parametrize("init", ["he", "pytorch", "zero-gamma"])
def test_normalisation_starts_as_the_identity_and_he_biases_at_zero(init):
    network = build_model(ModelConfig(depth=8, width=4, init=init), 3, 10, 0)
    for name, module in network.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            gamma = 0.0 if init == "zero-gamma" and name.endswith("bn2") else 1.0
            assert (module.weight == gamma).all()
            assert not module.bias.any()
            assert not module.running_mean.any()
            assert (module.running_var == 1).all()
    biases = [
        module.bias for _, module in convolutions_of(build_model(ModelConfig(depth=8, norm="none"), 3, 10, 0))
    ]
    assert not any(bias.any() for bias in biases)


def test_zero_gamma_blocks_are_the_identity_at_first():
    # He et al.'s blocks end in a ReLU, so the identity holds for what a ReLU has let through.
    network = build_model(ModelConfig(depth=14, width=4, init="zero-gamma"), 3, 10, 0)
    x = torch.randn(2, 4, 8, 8)
    for is_training in (True, False):
        block = network.layer1[1].train(is_training)
        assert torch.equal(block(x.relu()), x.relu())
        assert torch.equal(block(x), x.relu())
    changing = network.layer2[0]
    assert torch.equal(changing(x), changing.downsample(x).relu())


def test_zero_gamma_gives_the_branch_in_front_of_it_no_gradient_at_first():
    network = build_model(ModelConfig(depth=8, width=4, init="zero-gamma"), 3, 10, 0)
    network(torch.randn(4, 3, 16, 16)).logsumexp(1).sum().backward()
    block = network.layer1[0]
    assert not block.conv1.weight.grad.any()
    assert not block.conv2.weight.grad.any()
    assert block.bn2.weight.grad.any()
    assert network.conv1.weight.grad.any()


@given(members(), st.sampled_from([0.1, 0.5, 2.0, 100.0]))
@settings(max_examples=15)
def test_a_gain_multiplies_every_weight_but_the_classifiers(flat, gain):
    one, other = (build_model(ModelConfig(**flat | {"gain": size}), 3, 10, 0, 16) for size in (1, gain))
    *layers, classifier = [op.name for op in one.plan.ops if op.kind in WEIGHTED]
    assert not classifier.endswith("conv1")
    for (name, before), after in zip(one.named_parameters(), other.parameters(), strict=True):
        layer, _, kind = name.rpartition(".")
        is_multiplied = layer in layers and kind == "weight"
        assert torch.equal(after, before * gain if is_multiplied else before)


def test_a_gain_of_1_is_no_part_of_a_runs_name():
    assert RunConfig(model=ModelConfig(gain=1)).digest() == RunConfig().digest()
    assert RunConfig(model=ModelConfig(gain=2)).digest() != RunConfig().digest()


@pytest.mark.parametrize("is_residual", [False, True])
def test_the_std_of_every_response_behind_a_normalisation_is_1_at_first(is_residual):
    # Figure 7 of the paper: in training mode this std is sqrt(mean gamma^2 + var beta), 1 at first.
    network = build_model(
        ModelConfig(depth=14, width=4, skip="identity" if is_residual else "none"), 3, 10, 0
    )
    found = []
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.register_forward_hook(
                lambda module, inputs, output: found.append(output.detach().std().item())
            )
    network(torch.randn(16, 3, 16, 16))
    assert len(found) == 13
    assert found == pytest.approx([1.0] * 13, abs=0.005)
