"""Formulas of units: what is inside, in which order, with this unit's own shapes."""

import pytest

from app.diagram.formula import formula_of
from resnet_core.architecture import plan_of
from resnet_core.architecture.imagenet import imagenet_plan
from resnet_core.config import ModelConfig


def formula(place: int | str, **settings):
    """Of a unit of a network for CIFAR-10, by its number or its name."""
    units = plan_of(ModelConfig(**settings), 3, 10, 32).units
    return formula_of(units[place] if isinstance(place, int) else by_name(units)[place])


def by_name(units):
    return {unit.name: unit for unit in units}


def test_a_residual_block_with_its_own_shapes():
    found = formula("layer1.0", depth=20, width=16)
    assert found.lines == ("y = relu(x + BN(W_{2} ∗ relu(BN(W_{1} ∗ x))))",)
    assert found.skip == "x +"
    shapes = {"x": "16×32×32", "W_{1}": "3×3×16×16", "W_{2}": "3×3×16×16", "y": "16×32×32"}
    assert dict(found.symbols) == shapes


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"skip": "none"}, "y = relu(BN(W_{2} ∗ relu(BN(W_{1} ∗ x))))"),
        ({}, "y = relu(pad(x) + BN(W_{2} ∗ relu(BN(W_{1} ∗ x))))"),
        ({"shortcut": "B"}, "y = relu(BN(W_{s} ∗ x) + BN(W_{2} ∗ relu(BN(W_{1} ∗ x))))"),
        ({"order": "pre"}, "y = pad(x) + W_{2} ∗ relu(BN(W_{1} ∗ relu(BN(x))))"),
        ({"order": "relu-before"}, "y = pad(x) + relu(BN(W_{2} ∗ relu(BN(W_{1} ∗ x))))"),
        ({"order": "bn-after"}, "y = relu(BN(pad(x) + W_{2} ∗ relu(BN(W_{1} ∗ x))))"),
        (
            {"skip": "scaled", "scale": 0.5, "scale_on": "both"},
            "y = relu(0.5 · pad(x) + 0.5 · BN(W_{2} ∗ relu(BN(W_{1} ∗ x))))",
        ),
        ({"skip": "dropout"}, "y = relu(dropout(pad(x)) + BN(W_{2} ∗ relu(BN(W_{1} ∗ x))))"),
        ({"survival": 0.5}, "y = relu(pad(x) + d · BN(W_{2} ∗ relu(BN(W_{1} ∗ x))))"),
        (
            {"norm": "none", "init": "skipinit"},
            "y = relu(pad(x) + α · (W_{2} ∗ relu(W_{1} ∗ x + b_{1}) + b_{2}))",
        ),
        ({"norm": "group", "activation": "gelu"}, "y = gelu(pad(x) + GN(W_{2} ∗ gelu(GN(W_{1} ∗ x))))"),
    ],
)
def test_the_members_differ_where_their_formulas_do(settings, line):
    assert formula("layer2.0", depth=20, **settings).lines == (line,)


def test_what_both_paths_start_from_has_a_line_of_its_own():
    found = formula("layer2.0", depth=20, order="pre", shortcut="B")
    assert found.lines == ("u = relu(BN(x))", "y = W_{s} ∗ u + W_{2} ∗ relu(BN(W_{1} ∗ u))")


def test_an_exclusive_gate_weighs_both_paths_and_a_gate_on_the_shortcut_one():
    first, line = formula("layer1.0", depth=20, skip="gated", block="single").lines
    assert first == "g = σ(W_{g} ∗ x + b_{g})"
    assert line == "y = relu((1 − g) ⊙ x + g ⊙ BN(W_{1} ∗ x))"
    _, line = formula("layer1.0", depth=20, skip="gated", block="single", gate="shortcut").lines
    assert line == "y = relu((1 − g) ⊙ x + BN(W_{1} ∗ x))"


def test_fixup_has_its_scalars():
    found = formula("layer1.0", depth=20, norm="none", init="fixup")
    assert found.lines[-1] == (
        "y = relu(x + α · (W_{2} ∗ (relu(W_{1} ∗ (x + β_{1}) + β_{2}) + β_{3})) + β_{4})"
    )
    assert dict(found.symbols)["β_{4}"] == "1"


def test_dense_layers_and_inception_modules_concatenate():
    plan = plan_of(ModelConfig(skip="dense", depth=40), 3, 10, 32)
    unit = by_name(plan.units)["features.denseblock1.denselayer2"]
    assert formula_of(unit).lines == ("y = [x, W_{1} ∗ relu(BN(x))]",)
    assert dict(formula_of(unit).symbols)["W_{1}"] == "3×3×28×12"
    lines = formula_of(by_name(imagenet_plan("googlenet").units)["inception3a"]).lines
    assert lines[3:] == ("z_{4} = relu(BN(W_{6} ∗ maxpool_{3×3}(x)))", "y = [z_{1}, z_{2}, z_{3}, z_{4}]")


def test_stem_head_and_linear_layers():
    assert formula(0, depth=20).lines == ("y = relu(BN(W_{1} ∗ x))",)
    assert formula(-1, depth=20).lines == ("y = W_{1} mean(x) + b_{1}",)
    assert formula("layer1.0", family="mlp", depth=8).lines == ("y = relu(x + BN(W_{2} relu(BN(W_{1} x))))",)


def test_every_name_in_a_formula_has_its_shape():
    for name in ("resnext50_32x4d", "densenet121", "vgg19", "alexnet", "googlenet"):
        for unit in imagenet_plan(name).units:
            found = formula_of(unit)
            weights = [f"W_{{{i}}}" for i in range(1, 20) if f"W_{{{i}}}" in " ".join(found.lines)]
            assert {"x", "y", *weights} <= dict(found.symbols).keys()
    assert "32 groups" in str(formula_of(by_name(imagenet_plan("resnext50_32x4d").units)["layer1.0"]).symbols)
