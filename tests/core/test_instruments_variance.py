"""The variance through the depth: by hand, against a slow twin, the laws where they hold and where not."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import nn

from resnet_core.architecture import plan_of
from resnet_core.architecture.mean_squares import expected_at_layers, expected_at_units
from resnet_core.architecture.plan import WEIGHTED
from resnet_core.config import ModelConfig
from resnet_core.findings import Variance
from resnet_core.instruments.variance import variance
from resnet_core.laws import law_of, why_no_law
from resnet_core.models import build_model
from tests.core.random_configs import members
from tests.core.twins import pictures


def found_in(model: ModelConfig, seed: int = 0, count: int = 8) -> Variance:
    return variance(build_model(model, 3, 10, seed, side=16), pictures(count), model)


def test_a_variance_of_a_hand_computed_case():
    # Both features of two pictures are 1 and 3 behind the first layer, so x_0 = 1 1 3 3 has variance 1. Each
    # block adds relu(x) / 2 with a layer of 1/2 and with one of 1: x = 1.5 1.5 4.5 4.5, variance 2.25.
    model = ModelConfig(family="mlp", depth=6, width=2, order="pre", norm="none")
    network = build_model(model, 1, 2, seed=0, side=1)
    with torch.no_grad():
        for name, module in network.named_modules():
            if isinstance(module, nn.Linear):
                module.weight.copy_(torch.eye(2) if module.in_features == 2 else torch.ones(2, 1))
                module.weight.mul_(0.5 if name.endswith("linear2") else 1.0)
                module.bias.zero_()
    found = variance(network, torch.tensor([1.0, 3.0]).view(2, 1, 1, 1))
    assert found.places.tolist() == ["stem", "layer1.0", "layer1.1"]
    assert found.depths.tolist() == [1, 3, 5]
    assert found.variances.tolist() == [1, 2.25, 2.25**2]
    np.testing.assert_array_equal(found.branch_variances, [np.nan, 0.25, 0.25 * 2.25])
    assert np.isnan(found.law).all()
    assert "without the settings" in str(found.law_about)


def variances_by_loop(network: nn.Module, x: torch.Tensor) -> tuple[list[float], list[float]]:
    """Of what each layer puts out, and of what each unit does, its classifier apart."""
    of_layers: list[float] = []
    for op in network.plan.ops:
        if op.kind in WEIGHTED:
            network.get_submodule(op.name).register_forward_hook(
                lambda module, inputs, output: of_layers.append(plain_variance(output))
            )
    of_units = [plain_variance(x := unit(x)) for unit in network.units]
    return of_layers[:-1], of_units[:-1]


def plain_variance(signal: torch.Tensor) -> float:
    values = signal.detach().double().flatten()
    return float((values - values.sum() / len(values)).square().sum() / len(values))


@given(members(width=2))
@settings(max_examples=12)
def test_variances_are_what_a_loop_over_values_finds(flat):
    model = ModelConfig(**flat)
    found, twin = found_in(model, count=3), build_model(model, 3, 10, seed=0, side=16)
    of_layers, of_units = variances_by_loop(twin, pictures(3))
    has_skips = bool(twin.plan.skip_units)
    assert found.variances == pytest.approx(of_units if has_skips else of_layers, rel=1e-6, abs=1e-12)
    assert np.isfinite(found.branch_variances).sum() == len(twin.plan.skip_units)
    assert (str(found.law_name) == "") == (law_of(model) is None) == np.isnan(found.law).all()
    assert len(found.places) == len(found.depths) == len(found.law) == len(found.variances)


@pytest.mark.parametrize(
    ("skip", "share"),
    [({"skip": "gated", "gate_bias": 0}, 0.25), ({"skip": "scaled", "scale_on": "both"}, 0.25)],
)
def test_the_variance_of_a_branch_is_of_what_it_brings_to_the_addition(skip, share):
    # A gate is 1/2 at first, as is the factor on both: a quarter of the variance that the branch itself has.
    scaled, whole = (
        found_in(ModelConfig(depth=8, width=4, order="pre", **more)) for more in (skip, {"skip": "identity"})
    )
    assert scaled.branch_variances[1] == pytest.approx(share * whole.branch_variances[1], rel=1e-5)


# The laws.


def test_the_window_of_a_corner_has_four_pixels_within_the_map():
    # One channel in and out: 9 weights of variance 2/9 and four pixels of mean square 1 make 8/9, then a ReLU
    # halves it; the next layer has 8/9 of 4/9.
    plan = plan_of(ModelConfig(depth=8, width=2, skip="none", norm="none"), 1, 10, side=2)
    found = expected_at_layers(plan, ModelConfig(depth=8, width=2, skip="none", norm="none"), np.ones((2, 2)))
    assert found[:3] == pytest.approx([1, 4 / 9, 16 / 81])


def test_option_a_halves_what_it_pads_and_a_norm_starts_again():
    # Behind BN and ReLU every pixel has 1/2; each of 4 of 9 weights counts: a branch brings 4/9 in stage 1.
    # Then half of the channels are zeros, on maps of one pixel, where 1 weight of 9 counts: 1/9 of 1/9.
    model = ModelConfig(depth=8, width=2, order="pre")
    found = expected_at_units(plan_of(model, 1, 10, side=2), model, np.ones((2, 2)))
    assert found[:3] == pytest.approx([1, 1 + 4 / 9, (1 + 4 / 9) / 2 + 1 / 9], rel=1e-4)


LAWS = [
    ({"skip": "none", "norm": "none"}, "× 1 a layer"),
    ({"skip": "none", "norm": "none", "init": "glorot"}, "× 1/2 a layer"),
    ({"skip": "none", "norm": "none", "init": "pytorch"}, "× 1/6 a layer"),
    ({"skip": "none", "norm": "none", "gain": 2}, "× 4 a layer"),
    ({"skip": "none"}, "1 at every layer"),
    ({"order": "pre"}, "Var x_0 + l"),
    ({"order": "pre", "init": "glorot"}, "Var x_0 + 1/2 l"),
    ({"order": "relu-pre"}, "l + 1"),
    ({"order": "pre", "norm": "none"}, "2^l"),
    ({"order": "pre", "norm": "none", "init": "glorot"}, "1.25^l"),
    ({"order": "pre", "norm": "none", "init": "skipinit"}, "constant"),
    ({"order": "pre", "skip": "gated", "gate_bias": -1}, "by block"),
    ({"order": "pre", "skip": "conv1x1"}, "by block"),
    ({"order": "pre", "shortcut": "B"}, "Var x_0 + l"),
]


@pytest.mark.parametrize(("chosen", "name"), LAWS, ids=lambda value: str(value))
def test_wide_convolutional_networks_follow_their_law(chosen, name):
    # On the mean of eight seeds; without a norm one seed alone is off by more, and the more the deeper it is.
    model = ModelConfig(**{"depth": 8, "width": 32} | chosen)
    found = [found_in(model, seed) for seed in range(8)]
    assert {str(one.law_name) for one in found} == {name}
    measured, expected = (np.mean([getattr(one, of) for one in found], 0) for of in ("variances", "law"))
    assert measured == pytest.approx(expected, rel=0.2 if model.norm == "none" else 0.1)
    assert all(one.law[0] == pytest.approx(one.variances[0]) for one in found)


@pytest.mark.parametrize("block", ["single", "basic"])
def test_a_residual_mlp_with_bn_has_a_share_of_1_over_l_in_every_branch(block):
    model = ModelConfig(family="mlp", depth=22, width=256, order="relu-pre", block=block)
    found = variance(build_model(model, 3, 10, 0, side=16), pictures(128), model)
    places = np.arange(1, len(found.places) + 1)
    assert str(found.law_name) == "l + 1"
    assert found.law == pytest.approx(places, rel=1e-3)
    assert found.variances == pytest.approx(places, rel=0.1)
    shares = found.branch_variances[1:] / found.variances[:-1]
    assert shares == pytest.approx(1 / places[:-1], rel=0.1)


def test_biases_hold_a_plain_net_with_pytorchs_values_up():
    # Mean squares shrink to what the biases add, 1 / (3 n) over 1 - 1/6, not to nothing.
    model = ModelConfig(family="mlp", depth=30, width=64, skip="none", norm="none", init="pytorch")
    law = law_of(model).expected(plan_of(model, 3, 10, 16), model, np.array(1.0))
    assert law[1] == pytest.approx(1 / 6 + 1 / 192)
    assert law[-1] == pytest.approx(1 / 192 / (5 / 6))


@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        ({"family": "vgg", "depth": 11}, "vgg"),
        ({"activation": "tanh", "order": "pre"}, "the activation is tanh"),
        ({"norm": "group", "order": "pre"}, "the norm is group"),
        ({"skip": "dense", "depth": 10}, "concatenation"),
        ({"skip": "dropout", "order": "pre"}, "by chance"),
        ({"survival": 0.5, "order": "pre"}, "by chance"),
        ({"order": "post"}, "order post"),
        ({"order": "relu-before"}, "order relu-before"),
    ],
)
def test_where_no_law_is_known_the_reason_is_said(chosen, reason):
    model = ModelConfig(**{"depth": 8, "width": 4} | chosen)
    found = found_in(model)
    assert law_of(model) is None
    assert reason in why_no_law(model) == str(found.law_about)
    assert np.isnan(found.law).all()
    assert str(found.law_name) == ""
