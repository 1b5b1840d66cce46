"""The drawing of a plan, without a browser: as many boxes, arcs and marks as the plan has."""

import json

import pytest
from hypothesis import given

from app.diagram.choice import WELL_KNOWN, network_of
from app.diagram.compare import unlike_blocks
from app.diagram.component import diagram_data
from app.diagram.drawing import DENSE_SHOWN, Arc, block_names, drawing_of
from app.diagram.inside import inside_of, unlike_ops
from resnet_core.architecture import Plan, plan_of
from resnet_core.architecture.imagenet import IMAGENET, imagenet_plan
from resnet_core.config import ModelConfig
from tests.core.random_configs import members


def plan(**settings) -> Plan:
    return plan_of(ModelConfig(**settings), 3, 10, 32)


def counts(drawing) -> dict[str, list[int]]:
    """Of each stage, how many units each of its boxes stands for."""
    return {stage.name: [len(box.blocks) for box in stage.boxes] for stage in drawing.stages}


def forms(drawing, stage: str):
    [found] = [one for one in drawing.stages if one.name == stage]
    return [drawing.forms[box.forms[0]] for box in found.boxes]


# boxes


@given(members())
def test_every_unit_of_any_member_is_in_one_box(settings):
    found = plan_of(ModelConfig(**settings), 1, 10, 16)
    drawing = drawing_of(found)
    blocks = [block for box in drawing.boxes for block in box.blocks]
    assert blocks == list(block_names(found))
    assert len(blocks) == len(set(blocks)) == len(found.units)
    for box in drawing.boxes:
        assert len(box.forms) == len(box.blocks)
    assert sum(form.arc is not None for form in map(drawing.forms.__getitem__, all_forms(drawing))) == len(
        found.skip_units
    )


def all_forms(drawing) -> list[int]:
    return [form for box in drawing.boxes for form in box.forms]


@pytest.mark.parametrize("name", IMAGENET)
def test_every_unit_of_the_imagenet_forms_is_in_one_box(name):
    blocks = [block for box in drawing_of(imagenet_plan(name)).boxes for block in box.blocks]
    assert len(blocks) == len(set(blocks)) == len(imagenet_plan(name).units)


def test_a_glyph_for_every_layer_with_weights_on_the_main_path():
    for network in (plan(depth=20), plan(family="vgg", depth=19), plan(family="mlp", depth=8)):
        drawing = drawing_of(network)
        glyphs = [g for form in map(drawing.forms.__getitem__, all_forms(drawing)) for g in form.lanes[0]]
        assert sum(glyph.kind != "pool" for glyph in glyphs) == network.depth


# folding


@pytest.mark.parametrize(
    ("depth", "stages"),
    [
        (8, [[1], [1], [1], [1], [1]]),
        (14, [[1], [1, 1], [1, 1], [1, 1], [1]]),
        (20, [[1], [3], [1, 1, 1], [1, 1, 1], [1]]),
        (56, [[1], [9], [1, 8], [1, 8], [1]]),
        (1202, [[1], [200], [1, 199], [1, 199], [1]]),
    ],
)
def test_equal_units_fold_where_three_or_more_follow_each_other(depth, stages):
    assert list(counts(drawing_of(plan(depth=depth))).values()) == stages


def test_units_that_take_part_by_chance_fold_and_keep_their_chances():
    drawing = drawing_of(plan(depth=56, survival=0.5))
    assert counts(drawing)["layer1"] == [9]
    assert len(drawing.survival) == 27
    assert drawing.survival["layer3.8"] == 0.5


def test_a_long_dense_block_shows_its_first_and_its_last_layers():
    assert counts(drawing_of(plan(skip="dense", depth=40)))["denseblock1"] == [1] * 13  # and the transition
    drawing = drawing_of(plan(skip="dense", depth=100))
    assert counts(drawing)["denseblock1"] == [1, 1, 1, 1, 1, 1, 23, 1, 1, 1, 1]
    folded = drawing.stages[1].boxes[6]
    assert folded.is_folded
    assert len(set(folded.forms)) == 23  # each reads more channels than the one before


# arcs


@pytest.mark.parametrize(
    ("settings", "arc", "gate"),
    [
        ({"skip": "none"}, None, ""),
        ({}, Arc("padded"), ""),
        ({"shortcut": "B"}, Arc("projection", ("1×1",)), ""),
        ({"skip": "conv1x1"}, Arc("projection", ("1×1",)), ""),
        ({"skip": "scaled", "scale": 0.5}, Arc("padded", ("×0.5",)), ""),
        ({"skip": "dropout"}, Arc("padded", ("drop",)), ""),
        ({"skip": "gated"}, Arc("padded"), "exclusive"),
        ({"skip": "gated", "gate": "shortcut"}, Arc("padded"), "shortcut"),
    ],
)
def test_the_arc_is_what_the_shortcut_is(settings, arc, gate):
    form = forms(drawing_of(plan(depth=20, **settings)), "layer2")[0]
    assert (form.arc, form.gate) == (arc, gate)
    assert form.shape == "unit"


def test_only_option_c_projects_where_nothing_changes():
    for option, style in (("A", "identity"), ("B", "identity"), ("C", "projection")):
        assert forms(drawing_of(plan(depth=20, shortcut=option)), "layer1")[0].arc.style == style


def test_a_dense_layer_reads_its_input_and_every_layer_before_it():
    # 12 layers, an input and a concatenation: 14 places, 91 pairs, 13 of which are neighbours
    block = drawing_of(plan(skip="dense", depth=40)).stages[1]
    assert len(block.arcs) == 91 - 13
    assert (0, 2) in block.arcs
    assert (0, 13) in block.arcs
    assert not any(end - start < 2 for start, end in block.arcs)


def test_the_arcs_of_a_folded_block_are_those_between_its_boxes():
    block = drawing_of(plan(skip="dense", depth=100)).stages[1]
    places = block.dense_boxes + 2
    assert block.dense_boxes == 10 <= DENSE_SHOWN
    assert len(block.arcs) == places * (places - 1) // 2 - (places - 1)


def test_what_has_no_dense_block_has_no_arcs_of_its_own():
    assert all(stage.arcs == () for stage in drawing_of(plan(depth=20)).stages)


def test_an_inception_module_has_four_lanes():
    drawing = drawing_of(imagenet_plan("googlenet"))
    modules = [form for form in drawing.forms if form.shape == "inception"]
    assert len(modules) == 9
    assert [len(lane) for lane in modules[0].lanes] == [1, 2, 2, 2]
    assert [glyph.label for glyph in modules[0].lanes[3]] == ["max", "1×1"]


def test_groups_and_strides_are_noted():
    [_, three, _] = forms(drawing_of(imagenet_plan("resnext50_32x4d")), "layer2")[0].lanes[0]
    assert three.notes == ("/2", "32 grp")


# two networks


def test_plain_and_residual_differ_in_the_shortcut_of_every_block_and_nowhere_else():
    plain, residual = plan(depth=20, skip="none"), plan(depth=20)
    unlike = unlike_blocks(plain, residual)
    assert set(unlike) == {unit.name for unit in residual.skip_units}
    assert set(unlike.values()) == {("shortcut",)}
    assert unlike_blocks(residual, plain) == unlike
    assert unlike_blocks(residual, residual) == {}


def test_options_a_and_b_differ_where_the_shape_changes():
    unlike = unlike_blocks(plan(depth=20), plan(depth=20, shortcut="B"))
    assert unlike == {"layer2.0": ("shortcut",), "layer3.0": ("shortcut",)}


def test_blocks_that_the_other_network_does_not_have_are_counted():
    unlike = unlike_blocks(plan(depth=26), plan(depth=20))
    assert unlike == {f"layer{stage}.3": ("count",) for stage in (1, 2, 3)}


@pytest.mark.parametrize("other", [{"family": "vgg", "depth": 19}, {"skip": "dense", "depth": 40}])
def test_networks_without_a_block_in_common_are_not_compared(other):
    assert unlike_blocks(plan(depth=20), plan(**other)) == {}


def test_orders_differ_in_the_place_of_norm_and_activation():
    # conv bn relu conv bn + relu against bn relu conv bn relu conv +: "conv bn relu conv +" is in both
    first, second = (block_names(plan(depth=20, order=order))["layer1.1"] for order in ("post", "pre"))
    assert unlike_ops(first, second) == {"layer1.1.bn2", "layer1.1.relu2"}
    assert unlike_ops(second, first) == {"layer1.1.bn1", "layer1.1.relu1"}
    assert unlike_ops(first, first) == frozenset()


def test_a_plain_unit_lacks_the_addition():
    plain, residual = (block_names(plan(depth=20, skip=skip))["layer2.0"] for skip in ("none", "identity"))
    assert unlike_ops(residual, plain) == {"layer2.0.downsample", "merge"}
    assert unlike_ops(plain, residual) == frozenset()


# what the page gets


@pytest.mark.parametrize("text", [*WELL_KNOWN, *IMAGENET])
def test_everything_drawn_is_plain_data_of_a_size_that_travels(text):
    packed = json.dumps(diagram_data((network_of(text),)))
    assert len(packed) < 250_000


def test_the_inside_adds_up_to_the_unit():
    unit = block_names(plan(depth=20, shortcut="B"))["layer2.0"]
    inside = inside_of(unit)
    ops = [op for path in inside["paths"] for op in path["ops"]]
    assert [path["role"] for path in inside["paths"]] == ["shortcut", "branch"]
    assert sum(op["parameters"] for op in [*ops, *inside["before"], *inside["after"]]) == inside["parameters"]
    assert inside["sign"] == "+"
    assert [op["name"] for op in inside["paths"][0]["ops"]] == ["downsample.0", "downsample.1"]


def test_two_networks_of_a_kind_have_different_shades_and_name_what_differs():
    texts = ("identity-56", "identity-56~order:pre")
    first, second = diagram_data(tuple(map(network_of, texts)))["networks"]
    assert first["colors"] != second["colors"]
    assert set(first["unlike"]) == set(second["unlike"])
    assert any("bn2" in names for names in first["unlikeOps"].values())
    assert not any(fact["differs"] for fact in first["facts"][:2])
