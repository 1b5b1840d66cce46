"""The page of architectures: what a link means, what is chosen, and the views below the diagram."""

import json

import pytest

from app.diagram.choice import WELL_KNOWN, differing, network_of, told_apart
from app.views.layer_table import columns_of
from app.views.milestones import KINDS, panels
from app.views.network_code import file_stem
from app.views.network_settings import changed
from app.views.unrolled import added_units
from resnet_core.architecture.imagenet import IMAGENET
from resnet_core.architecture.table import layer_rows
from resnet_core.config import SettingsError
from tests.app.pages import drawn, errors, link_of, opened, texts, warnings


@pytest.fixture(autouse=True)
def _empty(store):
    """Nothing is trained here."""


def page(**link: str):
    return opened("architecture", **link)


def diagram_of(page) -> dict:
    """What the diagram was given."""
    return json.loads(page.get("bidi_component")[0].proto.json)


def names(page) -> list[str]:
    return [network["name"] for network in diagram_of(page)["networks"]]


# what is shown


def test_it_opens_with_the_race_of_the_page():
    found = page()
    assert errors(found) == warnings(found) == []
    assert names(found) == ["plain-56", "ResNet-56"]
    assert "They differ in nothing but **What goes past each unit**: none | identity" in texts(found)
    assert link_of(found) == {"first": "none-56@fashion-mnist-16", "second": "identity-56@fashion-mnist-16"}


@pytest.mark.parametrize("text", [*WELL_KNOWN, "resnet152", "googlenet", "densenet201"])
def test_every_well_known_network_is_one_choice_away(text):
    found = page(first=text)
    assert errors(found) == []
    assert names(found) == [network_of(text).name]
    assert link_of(found) == {"first": text}


@pytest.mark.parametrize("part", ["layers", "paths", "code", "years"])
@pytest.mark.parametrize("pair", [("dense-40@cifar10-32", "googlenet"), ("identity-8", "mlp-50")])
def test_every_view_of_any_two_networks(part, pair):
    found = page(first=pair[0], second=pair[1], part=part)
    assert errors(found) == []
    assert len(names(found)) == 2
    assert link_of(found)["part"] == part


def test_a_choice_is_in_the_link_and_drops_a_block_that_is_gone():
    found = page(first="identity-20", second="none-20", block="layer2.1")
    assert diagram_of(found)["chosen"] == "layer2.1"
    found.selectbox(key="architecture second").set_value("")
    assert link_of(drawn(found))["block"] == "layer2.1"
    found.selectbox(key="architecture first").set_value("vgg19")
    assert link_of(drawn(found)) == {"first": "vgg19"}
    assert names(found) == ["VGG-19 (ImageNet)"]


def test_a_view_is_in_the_link():
    found = page(first="identity-20")
    found.segmented_control(key="architecture part").set_value("paths")
    assert link_of(drawn(found)) == {"first": "identity-20@fashion-mnist-16", "part": "paths"}
    assert "9 blocks" in texts(found)


def test_no_two_choices_are_called_the_same():
    found = page(first="identity-20", second="identity-20~width:16@cifar10-32")
    for name in ("first", "second"):
        called = found.selectbox(key=f"architecture {name}").options
        assert len(called) == len(set(called))


def test_two_of_one_name_are_told_apart():
    found = page(first="identity-20", second="identity-20~width:16")
    assert names(found) == ["ResNet-20, width 8", "ResNet-20, width 16"]
    assert "nothing but **Width**: 8 | 16" in texts(found)


# links that cannot be followed


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ({"first": "identity-57"}, "first: depth: 57 is not possible: depths are 6n+2; the nearest are 56"),
        ({"first": "resnet9000"}, "first: 'resnet9000' is not an arm"),
        ({"first": "identity-20@cifar10-17"}, "first: side: 17 is not on offer for cifar10"),
        ({"first": "identity-20@cifar10"}, "first: pictures: 'cifar10' is not understood"),
        ({"first": "identity-20,none-20"}, "first: network: 'identity-20,none-20' are 2 networks"),
        ({"first": "identity-20", "second": "x"}, "second: 'x' is not an arm"),
        ({"first": "identity-20", "second": "identity-20"}, "is the first network once more. It is shown"),
        (
            {"first": "identity-20", "block": "layer9.1"},
            "block: 'layer9.1' is not there; there are stem, lay",
        ),
        (
            {"first": "identity-20", "part": "x"},
            "part: 'x' is not there; there are layers, paths, code, year",
        ),
        ({"first": "<img src=x>" * 9}, "is not an arm"),
    ],
)
def test_what_is_wrong_with_a_link_is_said(link, said):
    found = page(**link)
    [error] = errors(found)
    assert said in error
    assert len(names(found)) == 1


# any member


def test_a_setting_changes_the_network_and_the_link():
    config = network_of("identity-56").config
    assert changed(config, "order", "pre").model.order == "pre"
    assert changed(config, "block", "bottleneck").model.depth == 56
    assert changed(config, "block", "single").model.depth == 56
    assert changed(config, "pictures", "mnist-28").data.side == 28
    with pytest.raises(SettingsError, match="57 is not possible"):
        changed(config, "depth", 57)


def test_the_settings_of_each_network_are_behind_a_button():
    found = page(first="identity-20", second="resnet50")
    [popover] = [one for one in found.get("popover") if one.proto.popover.label == "Change"]
    assert popover.proto.popover.help == "All settings of ResNet-20"


# views


def test_the_table_adds_up():
    plan = network_of("identity-20").plan
    rows = layer_rows(plan, 32)
    shown = [row for row in rows if row.is_layer]
    table = columns_of(shown, rows)
    assert table["Layer"][-1] == "all together"
    assert table["Parameters"][-1] == plan.parameter_count
    assert table["Multiply-adds"][-1] == plan.multiply_adds
    assert {len(column) for column in table.values()} == {len(shown) + 1}


def test_every_addition_doubles_the_paths_and_concatenations_do_not():
    assert len(added_units(network_of("identity-110"))) == 54
    assert len(added_units(network_of("gated-20~block:single"))) == 18
    assert added_units(network_of("none-20")) == added_units(network_of("dense-40")) == []


def test_paths_are_counted_or_it_is_said_why_not():
    found = page(first="identity-110", second="dense-40", part="paths")
    assert "#### 54 blocks: $2^{54} \\approx 1.8 \\cdot 10^{16}$ paths" in texts(found)
    assert "98.0%" in texts(found) or "of the 54 branches" in texts(found)
    assert "put behind each other, not added" in found.info[0].value
    found = page(first="none-20", second="googlenet", part="paths")
    assert "there is one path" in found.info[0].value
    assert "ways lie beside each other" in found.info[1].value


def test_code_can_be_taken_away():
    found = page(first="identity-20", second="none-20", part="code")
    code = json.loads(found.get("bidi_component")[1].proto.json)
    assert code["names"] == ["ResNet-20", "plain-20"]
    assert {mark for mark, *_ in code["lines"]} >= {"same", "changed"}
    labels = [button.label for button in found.download_button]
    assert labels == [".py", "Notebook"] * 2


def test_the_forms_of_imagenet_name_their_code():
    found = page(first="resnet50", part="code")
    assert "torchvision.models.resnet50(weights=None)" in found.code[0].value


@pytest.mark.parametrize("kind", KINDS)
def test_the_years_have_one_kind_of_error_at_a_time(kind):
    layers, *_, error = panels(kind)
    assert list(layers.values) == [8, 19, 22, 152]
    assert len(error.texts) == 4
    if kind == "ensemble_test":
        assert list(error.values) == [16.4, 7.32, 6.67, 3.57]


# names


@pytest.mark.parametrize("text", [*WELL_KNOWN, *IMAGENET])
def test_the_text_of_a_network_is_its_own(text):
    network = network_of(text)
    assert network.text == text
    assert network_of(network.text) == network
    assert file_stem(network).isidentifier() or file_stem(network)[0].isdigit()


def test_networks_with_different_names_keep_them():
    networks = [network_of("identity-56"), network_of("resnet50")]
    assert told_apart(networks) == networks
    assert differing(networks) == {}
