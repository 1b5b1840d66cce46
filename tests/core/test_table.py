"""The table of a plan: by hand, against slow twins, and against what really passes through a network."""

import itertools
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from torch import nn

from resnet_core.architecture import Op, Path, Plan, Unit, plan_of
from resnet_core.architecture.imagenet import IMAGENET, imagenet_plan
from resnet_core.architecture.plan import Chain
from resnet_core.architecture.table import LayerRow, layer_rows
from resnet_core.config import ModelConfig, from_flat
from resnet_core.models import build_model
from resnet_core.models.network import Network
from tests.core.random_configs import members


def two_blocks(side: int = 32) -> Plan:
    stem = Chain((1, side, side)).conv("conv1", 4, 3).unit("stem")
    first, second = (Chain((4, side, side), f"layer{n}.0") for n in (1, 2))
    first.conv("conv1", 4, 3).conv("conv2", 4, 3)
    second.conv("conv1", 8, 3, 2).conv("conv2", 8, 3)
    projection = Chain(first.shape, "layer2.0").conv("downsample", 8, 1, 2)
    paths = [(Path("shortcut"), Path("branch", tuple(first.ops)))]
    paths += [(Path("shortcut", tuple(projection.ops)), Path("branch", tuple(second.ops)))]
    units = [Unit("layer1.0", "layer1", first.shape, first.shape, paths[0], "add")]
    units += [Unit("layer2.0", "layer2", first.shape, second.shape, paths[1], "add")]
    head = Chain(second.shape).global_mean().linear("fc", 10).unit("head")
    return Plan((1, side, side), 10, (stem, *units, head))


def fields(rows: list[LayerRow]) -> dict[str, tuple[int, int]]:
    return {row.name: (row.smallest_field, row.largest_field) for row in rows}


def test_a_net_of_two_blocks_by_hand():
    rows = layer_rows(two_blocks(), batch=2)
    assert fields(rows) == {
        "conv1": (3, 3),
        "layer1.0.conv1": (5, 5),
        "layer1.0.conv2": (7, 7),
        "layer1.0.add": (3, 7),
        "layer2.0.conv1": (5, 9),  # 3 + 2 and 7 + 2; from here two neighbours are 2 pixels apart
        "layer2.0.conv2": (9, 13),
        "layer2.0.downsample": (3, 7),
        "layer2.0.add": (3, 13),
        "avgpool": (32, 32),
        "fc": (32, 32),
    }
    conv = rows[4]
    assert (conv.unit, conv.stage, conv.kind) == ("layer2.0", "layer2", "conv")
    assert (conv.kernel, conv.stride) == (3, 2)
    assert (conv.outputs, conv.parameters, conv.multiply_adds) == ((8, 16, 16), 4 * 8 * 9, 4 * 8 * 9 * 256)
    assert conv.output_bytes == 4 * 2 * 8 * 16 * 16
    assert [row.name for row in rows if row.is_merge] == ["layer1.0.add", "layer2.0.add"]


def test_a_field_ends_at_the_edge_of_the_picture():
    assert fields(layer_rows(two_blocks(side=8), 1))["layer2.0.add"] == (3, 8)


@pytest.mark.parametrize("name", IMAGENET)
def test_the_rows_of_an_imagenet_form_add_up_to_its_plan(name):
    plan, rows = imagenet_plan(name), layer_rows(imagenet_plan(name), 1)
    assert sum(row.parameters for row in rows) == plan.parameter_count
    assert sum(row.multiply_adds for row in rows) == plan.multiply_adds
    assert len({row.name for row in rows}) == len(rows)
    assert {row.name for row in rows} >= {name.rpartition(".")[0] for name in plan.parameters}


def test_known_fields_of_imagenet_forms():
    vgg, resnet = layer_rows(imagenet_plan("vgg16"), 1), layer_rows(imagenet_plan("resnet50", 1024), 1)
    assert fields(vgg)["features.28"] == (
        196,
        196,
    )  # worked out by hand: 6, 16, 44, 100, 212 behind the pools
    assert fields(vgg)["features.30"] == (212, 212)
    # 7x7 and pool: 11; then 16 3x3 convolutions, four of them with neighbours 4, 8, 16 and 32 pixels apart:
    # 11 + 2 (3 x 4 + (4 + 3 x 8) + (8 + 5 x 16) + (16 + 2 x 32)) = 11 + 2 (12 + 28 + 88 + 80) = 427
    assert fields(resnet)["layer4.2.add"] == (11, 427)


# Against what really passes.


@given(members())
@settings(max_examples=25)
def test_shapes_and_bytes_are_those_of_the_tensors(drawn):
    model = from_flat(drawn).model
    network, batch = build_model(model, 1, 10, seed=0, side=16), 3
    rows, found = layer_rows(network.plan, batch), {}
    for row in rows:
        module = network.get_submodule(row.name)
        module.register_forward_hook(lambda m, i, output, name=row.name: found.update({name: output}))
    network(torch.randn(batch, 1, 16, 16))
    for row in rows:
        output = found[row.name]
        assert row.outputs == tuple(output.shape[1:]), row
        assert row.output_bytes == output.numel() * output.element_size(), row
    assert sum(row.parameters for row in rows) == sum(p.numel() for p in network.parameters())


# Against slow twins.


def widths_of_all_ways(plan: Plan) -> dict[str, tuple[int, int]]:
    """Every way from the picture to each operation, one by one: (pixels, jump) grown kernel by kernel."""
    found, ways = {}, {(1, 1)}
    side = plan.inputs[1]

    def along(ops: tuple[Op, ...], ways: set[tuple[int, int]]) -> set[tuple[int, int]]:
        for op in ops:
            kernel = op.kernel or 1
            ways = {(pixels + (kernel - 1) * jump, jump * op.stride) for pixels, jump in ways}
            if op.kind in ("linear", "global mean"):
                ways = {(side, 1)}
            found[op.name] = ways
        return ways

    for unit in plan.units:
        start = along(unit.before, ways)
        ends = [along(path.ops, start) for path in unit.paths]
        ways = set(itertools.chain(*ends))
        if unit.merge:
            found[unit.merge_name] = ways
        ways = along(unit.after, ways)
    sizes = {name: [min(pixels, side) for pixels, _ in seen] for name, seen in found.items()}
    return {name: (min(seen), max(seen)) for name, seen in sizes.items()}


@given(members())
@settings(max_examples=60)
def test_smallest_and_largest_are_those_of_all_ways_one_by_one(drawn):
    plan = plan_of(from_flat(drawn | {"scale": 0.5}).model, 1, 10, 16)
    expected = widths_of_all_ways(plan)
    rows = layer_rows(plan, 1)
    assert fields(rows) == {row.name: expected[row.name] for row in rows}


def influences(plan: Plan, rows: list[LayerRow]) -> dict[str, int]:
    """How many pixels of a line through the picture change the number in the middle of each output."""
    network = Network(plan).double().eval()
    for name, parameter in network.named_parameters():
        nn.init.constant_(parameter, 1 / parameter[0].numel() if name.endswith("weight") else 0.1)
    outputs = {}
    for name, module in network.named_modules():
        module.register_forward_hook(lambda m, i, output, name=name: outputs.update({name: output}))
    picture = torch.ones(1, *plan.inputs, dtype=torch.float64, requires_grad=True)
    network(picture)
    found = {}
    for row in rows:
        output = outputs[row.name][0]  # (F,) or (C, S, S)
        middle = output.shape[-1] // 2
        middle = output.sum() if output.dim() == 1 else output[:, middle, middle].sum()
        (gradient,) = torch.autograd.grad(middle, picture, retain_graph=True)
        found[row.name] = int((gradient[0].abs().sum((0, 1)) > 0).sum())
    return found


def averaging(plan: Plan) -> Plan:
    """A max pool passes its largest alone; a mean pool of the same window shows all that it can see."""

    def changed(op: Op) -> Op:
        return replace(op, kind="mean pool") if op.kind == "max pool" else op

    units = [
        replace(unit, paths=tuple(replace(path, ops=tuple(map(changed, path.ops))) for path in unit.paths))
        for unit in plan.units
    ]
    return replace(plan, units=tuple(units))


@pytest.mark.parametrize(
    "settings",
    [
        {"skip": "none"},
        {"skip": "identity", "shortcut": "A"},
        {"skip": "identity", "shortcut": "B", "block": "bottleneck", "depth": 11},
        {"skip": "gated"},
        {"skip": "dense", "depth": 10, "growth": 2},
    ],
)
def test_the_largest_field_is_what_gradients_reach(settings):
    model = ModelConfig(**{"depth": 8, "width": 2, "norm": "none"} | settings)
    plan = plan_of(model, 1, 10, 64)
    rows = layer_rows(plan, 1)
    assert {row.name: row.largest_field for row in rows} == influences(plan, rows)


def test_the_largest_field_of_resnet_18_is_what_gradients_reach():
    plan = averaging(imagenet_plan("resnet18", 160))
    rows = [row for row in layer_rows(plan, 1) if row.stage in ("stem", "layer1", "layer2") and row.is_layer]
    assert rows[-1].largest_field == 99
    assert {row.name: row.largest_field for row in rows} == influences(plan, rows)


def test_the_smallest_field_is_what_gradients_reach_when_the_branches_are_silent():
    plan = plan_of(ModelConfig(depth=8, width=2, norm="none", skip="scaled", scale=1.0), 1, 10, 32)
    silent = replace(plan, units=tuple(map(_silenced, plan.units)))
    merges = [row for row in layer_rows(plan, 1) if row.is_merge]
    reached = influences(silent, merges)
    assert [row.smallest_field for row in merges] == [reached[row.name] for row in merges] == [3, 3, 3]


def _silenced(unit: Unit) -> Unit:
    def quiet(path: Path) -> Path:
        end = path.ops[-1].outputs
        return replace(path, ops=(*path.ops, Op(f"{unit.name}.silence", "factor", end, end, value=0.0)))

    if not unit.has_skip:
        return unit
    return replace(unit, paths=tuple(quiet(p) if p.role == "branch" else p for p in unit.paths))


def test_a_skip_that_is_scaled_by_zero_is_no_way():
    plain = plan_of(ModelConfig(depth=8, width=2, skip="none"), 1, 10, 32)
    scaled = plan_of(ModelConfig(depth=8, width=2, skip="scaled", scale=0.0), 1, 10, 32)
    expected = fields(layer_rows(plain, 1))
    found = fields(layer_rows(scaled, 1))
    assert {name: found[name] for name in expected} == expected


def test_an_empty_plan_has_no_rows():
    assert layer_rows(Plan((1, 8, 8), 10, ()), 1) == []
