"""Parameters of the networks of He et al. 2015 and 2016, to the last one."""

import pytest

from resnet_core.architecture import Plan, plan_of
from resnet_core.config import ModelConfig
from resnet_core.models import build_model

PRE_BOTTLENECK = {"block": "bottleneck", "order": "pre", "shortcut": "B"}


def planned(**flat) -> Plan:
    return plan_of(ModelConfig(**{"width": 16} | flat), 3, 10, 32)


def built_count(**flat) -> int:
    network = build_model(ModelConfig(**{"width": 16} | flat), 3, 10, seed=0)
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("n", [3, 5, 7, 9, 18, 200])
def test_option_a_costs_nothing_and_b_2752_at_every_depth(n):
    depth = 6 * n + 2
    counts = [
        planned(depth=depth, **more).parameter_count for more in ({"skip": "none"}, {}, {"shortcut": "B"})
    ]
    assert counts == [97_216 * n - 21_926, 97_216 * n - 21_926, 97_216 * n - 21_926 + 2_752]


@pytest.mark.parametrize(("depth", "count"), [(20, 283_962), (56, 900_858)])
def test_option_c_projects_everywhere(depth, count):
    assert planned(depth=depth, shortcut="C").parameter_count == count
    assert built_count(depth=depth, shortcut="C") == count


@pytest.mark.parametrize("option", ["A", "B", "C"])
def test_the_options_differ_in_projections_alone(option):
    plain, residual = (planned(depth=20, skip=skip, shortcut=option) for skip in ("none", "identity"))
    more = residual.parameters.keys() - plain.parameters.keys()
    assert plain.parameters.items() <= residual.parameters.items()
    projected = {"A": [], "B": ["layer2.0", "layer3.0"], "C": [unit.name for unit in residual.skip_units]}
    assert sorted({name.split(".downsample")[0] for name in more}) == projected[option]


@pytest.mark.parametrize(("depth", "count", "paper"), [(164, 1_703_258, 1.7e6), (1001, 10_327_706, 10.2e6)])
def test_bottlenecks_with_pre_activation_are_within_one_and_a_half_percent_of_the_paper(depth, count, paper):
    plan = planned(depth=depth, **PRE_BOTTLENECK)
    assert plan.parameter_count == count
    assert plan.parameter_count == pytest.approx(paper, rel=0.015)
    assert plan.depth == depth
    assert len(plan.skip_units) == (depth - 2) // 3  # 333 units, 111 a stage, for 1001 layers


def test_what_is_planned_for_164_layers_is_built():
    assert built_count(depth=164, **PRE_BOTTLENECK) == 1_703_258


@pytest.mark.parametrize("block", ["single", "basic", "triple", "bottleneck"])
@pytest.mark.parametrize("skip", ["none", "identity", "gated", "conv1x1"])
def test_the_depth_counts_the_layers_on_the_main_path(block, skip):
    step = {"single": 3, "basic": 6, "triple": 9, "bottleneck": 9}[block]
    for n in (1, 2, 5):
        plan = planned(depth=step * n + 2, block=block, skip=skip)
        assert plan.depth == step * n + 2
        assert len(plan.units) == 3 * n + 2


def test_1202_layers_are_19_million_parameters():
    plan = planned(depth=1202)
    assert plan.parameter_count == 19_421_274
    assert plan.depth == 1202
    assert len(plan.skip_units) == 600
