"""All methods on one picture: a column a method, dear ones asked last, and what cannot be is said."""

import numpy as np
import pytest

from app.figures.one_map import OneMap, one_map
from app.figures.theme import LIGHT, Arm, styles_of
from app.views.saliency_parts.method_maps import CHEAP, DEAR
from app.views.saliency_parts.method_names import NAMES, OF_A_UNIT, OF_PIXELS, UNITS
from app.views.text import instrument_text
from resnet_core.options import METHODS, PIXEL_METHODS
from tests.app.answers import answer_with
from tests.app.method_findings import saliency_finding
from tests.app.pages import drawn, errors, opened, texts

TWO = {"first": "none-8~width:2@fashion-mnist-16", "second": "identity-8~width:2@fashion-mnist-16"}
ARM = Arm("ResNet-8", styles_of(["residual"])[0])


def said(page) -> str:
    return texts(page).replace("**", "")


def sheet_alt(analysts_answer, monkeypatch, problems=()) -> tuple:
    """The sheet of maps and what is said of it, on a page that says `problems`."""
    alts = {}
    monkeypatch.setattr(
        "app.views.saliency_parts.methods.chart",
        lambda figure, *, key, alt, is_still=False: alts.update({key: (figure, alt)}),
    )
    answer_with(monkeypatch, analysts_answer)
    assert errors(opened("saliency", show="methods", **TWO)) == list(problems)
    return alts["methods"]


def notes(figure) -> list[str]:
    return [note.text for note in figure.layout.annotations]


def test_every_method_has_a_name_a_unit_and_a_place_on_the_sheet():
    assert set(NAMES) == set(UNITS) == set(METHODS) == {*OF_A_UNIT, *OF_PIXELS}
    assert set(CHEAP) | set(DEAR) == set(PIXEL_METHODS)


def test_methods_are_drawn_before_anything_is_known_as_high_as_afterwards(store, monkeypatch):
    empty, _ = sheet_alt(lambda question: None, monkeypatch)
    full, alt = sheet_alt(saliency_finding, monkeypatch)
    assert notes(empty).count("…") == 2 * len(METHODS)
    assert notes(full).count("…") == 0
    assert empty.layout.height == full.layout.height
    assert "Grad-CAM of plain-8 to 0.50" in alt


def test_dear_methods_are_asked_when_the_cheap_ones_are_known(store, monkeypatch):
    analysts = answer_with(
        monkeypatch, lambda q: None if q.instrument == "block-maps" else saliency_finding(q)
    )
    opened("saliency", show="methods", **TWO)
    asked = {question.options.method for question in analysts.asked if question.instrument == "pixel-map"}
    assert asked == set(CHEAP)


def test_sentences_tell_the_convergence_delta_where_highest_points_lie_and_one_map_large(store, monkeypatch):
    answer_with(monkeypatch, saliency_finding)
    page = opened("saliency", show="methods", **TWO)
    # The map adds up to 4 - 0.4 = 3.6, of which delta is 0.25; all maps are highest in the masked corner.
    assert "ResNet-8: integrated gradients add up to 3.600; the logit is 3.350 above that" in said(page)
    assert "ResNet-8: the highest points of 15 of 15 maps lie on the thing." in said(page)
    assert "Grad-CAM: The faintest map is that of plain-8: its largest value is 2.0 times" in said(page)
    page.selectbox(key="method shown large").set_value("saliency")
    drawn(page)
    assert "Gradient, in units of: logit per unit of the normalised pixel value. plain-8: −0.20" in said(page)


def test_a_method_that_cannot_be_used_leaves_its_tile_empty_and_the_others_drawn(store, monkeypatch):
    def prepare(question):
        method = getattr(question.options, "method", "")
        return "method: DeepLIFT cannot" if method == "deep-lift" else saliency_finding(question)

    figure, _ = sheet_alt(prepare, monkeypatch, problems=["method: DeepLIFT cannot."])
    assert (notes(figure).count("not computed"), notes(figure).count("…")) == (2, 0)


def test_a_network_without_places_has_no_class_activation_maps(store, monkeypatch):
    answer_with(monkeypatch, saliency_finding)
    page = opened("saliency", show="methods", first="mlp-8~width:2@fashion-mnist-16")
    assert errors(page) == ["unit: no unit has feature maps."]


def test_maps_that_are_not_finite_are_drawn_all_the_same(store, monkeypatch):
    def prepare(question):
        found = saliency_finding(question)
        if question.instrument == "pixel-map":
            return found._replace(map=np.full_like(found.map, np.nan), delta=np.float64(np.nan))
        return found._replace(maps=tuple(np.full_like(each, np.inf) for each in found.maps))

    answer_with(monkeypatch, prepare)
    assert errors(opened("saliency", show="methods", **TWO)) == []


def test_one_map_large_has_its_picture_and_its_own_grid():
    empty = OneMap(ARM, "…", np.empty((0, 0)), np.empty((0, 0)), 0.0, False)
    assert one_map([empty], LIGHT).layout.images == ()
    values = np.array([[1.0, -2.0], [0.0, np.nan]])
    figure = one_map([OneMap(ARM, "its grid", np.zeros((8, 8, 3), np.uint8), values, 2.0, True)], LIGHT)
    np.testing.assert_array_equal(figure.data[0].z, values)
    assert (figure.data[0].zmin, figure.data[0].zmax, len(figure.layout.images)) == (-2.0, 2.0, 1)
    assert figure.layout.height == one_map([empty], LIGHT).layout.height


@pytest.mark.parametrize("part", ["methods", "believable", "pointing-game"])
def test_every_part_says_in_two_sentences_what_it_shows_and_then_what_it_does_not(part):
    brief, more = instrument_text("saliency", part)
    assert (brief.count(". "), brief[-1]) == (1, ".")
    for word in ("Source", "What this does not show", "BN"):
        assert word in more
