"""Two tests that a map can fail, and the pointing game: curves equal what is found, and sentences say it."""

from types import SimpleNamespace

import numpy as np
import pytest

from app.figures.panels import Axes, Curve, Panel, panels
from app.figures.perturbed import Course, Courses, perturbed
from app.figures.pointing import Depths, Game, Rates, UnitRates, by_unit, pointing
from app.figures.randomized import Resemblance, resemblance
from app.figures.theme import DARK, LIGHT, Arm, styles_of
from app.views.saliency_parts.pointing_game import told_apart
from app.views.saliency_parts.randomization import chance_limit
from resnet_core.config import from_flat
from resnet_core.questions import question
from tests.app.answers import answer_with
from tests.app.method_findings import saliency_finding
from tests.app.pages import drawn, errors, opened, texts
from tests.app.test_signal_page import not_finite

TWO = {"first": "none-8~width:2@fashion-mnist-16", "second": "identity-8~width:2@fashion-mnist-16"}
SHAPES = {"first": "none-8~width:2@shapes-16", "second": "identity-8~width:2@shapes-16"}
ARMS = [Arm(n, s) for n, s in zip(("plain", "residual"), styles_of(["plain", "residual"]), strict=True)]


def said(page) -> str:
    return texts(page).replace("**", "")


def of(figure, meta: str) -> list:
    return [trace for trace in figure.data if trace.meta == meta]


def test_panels_are_as_high_before_anything_is_known():
    axes = Axes("along", (0, 1), (0, 1))
    empty = panels([Panel("one", [], [(ARMS[0], "plain")])], axes, LIGHT)
    curve = Curve(ARMS[0], np.arange(2.0), np.array([0.5, np.nan]), ["a", "b"], np.zeros(2), np.ones(2))
    full = panels([Panel("one", [curve], [(ARMS[0], "plain")])], axes, DARK)
    assert (of(empty, "curve"), empty.layout.height) == ([], full.layout.height)
    np.testing.assert_array_equal(of(full, "curve")[0].y, [0.5, np.nan])
    np.testing.assert_array_equal(of(full, "band")[0].y, [1, 1, 0, 0])
    assert len(of(full, "lanes")[0].x) == 1
    assert "▲ plain" in [note.text for note in full.layout.annotations]


def test_resemblance_has_a_panel_a_measure():
    one = Resemblance(
        ARMS[1], np.array([0, 1]), np.array(["", "fc"]), np.array([1, -0.5]), np.ones(2), np.full(2, np.nan)
    )
    assert of(resemblance([], dict.fromkeys(ARMS, 1), LIGHT), "curve") == []
    figure = resemblance([one], dict.fromkeys(ARMS, 1), LIGHT)
    assert [list(trace.y) for trace in of(figure, "curve")[:2]] == [[1, -0.5], [1, 1]]
    assert len(of(figure, "lanes")) == 1
    assert "● residual: −0.50 with all random" in [note.text for note in figure.layout.annotations]


def test_curves_of_pixels_stand_beside_the_band_of_random_orders():
    random = np.array([[1.0, 0.4, 0.0], [1.0, 0.6, 0.0]])
    course = Course(np.array([1.0, 0.2, 0.0]), random, 0.35, np.array([0.45, 0.55]))
    assert of(perturbed([], ARMS, LIGHT), "curve") == []
    figure = perturbed([Courses(ARMS[0], np.array([0, 0.5, 1]), course, course)], ARMS, LIGHT)
    assert [list(trace.y) for trace in of(figure, "curve")] == [[1.0, 0.2, 0.0]] * 2
    np.testing.assert_allclose(of(figure, "control")[0].y, [1.0, 0.5, 0.0])
    np.testing.assert_allclose(of(figure, "band")[0].y, [1.0, 0.6, 0.0, 0.0, 0.4, 1.0])
    assert "▲ plain: area 0.35; random orders 0.45 to 0.55" in [n.text for n in figure.layout.annotations]


def test_rates_stand_in_the_row_of_their_method_with_their_intervals():
    game = Game(ARMS, ["a", "b"], ["centre"])
    rates = np.array([0.5, 0.25])
    one = Rates(ARMS[1], ["b", "centre"], rates, rates - 0.125, rates + 0.25, rates / 2, rates / 10)
    empty, figure = pointing([], game, LIGHT), pointing([one], game, LIGHT)
    assert (of(empty, "marks"), empty.layout.height) == ([], figure.layout.height)
    first, second = of(figure, "marks")
    np.testing.assert_array_equal(first.x, rates)
    np.testing.assert_allclose(first.y, [1.2, 2.2])  # rows 1 and 2, the second network of two below the first
    np.testing.assert_allclose([first.error_x.array, first.error_x.arrayminus], [[0.25] * 2, [0.125] * 2])
    np.testing.assert_allclose(second.error_x.array, rates / 10)
    assert [line.x0 for line in figure.layout.shapes if line.name == "centre"] == [0.25, 0.125]


def test_the_rate_of_every_unit_has_its_band():
    low, high = np.array([0.1, 0.2]), np.array([0.5, 0.6])
    rates = UnitRates(ARMS[0], ["stem", "layer1.0"], np.array([1.0, 3.0]), low + 0.2, low, high, low + 0.25)
    figure = by_unit([rates], Depths(ARMS, 5, 0.05), LIGHT)
    np.testing.assert_allclose(of(figure, "curve")[0].y, [0.3, 0.4])
    assert of(figure, "curve")[0].text[1] == "plain, layer1.0: 0.40, in the outline 0.45"
    assert list(of(figure, "band")[0].x) == [1, 3, 3, 1]
    assert (figure.layout.shapes[0].name, figure.layout.shapes[0].y0) == ("random pixel", 0.05)
    assert of(by_unit([], Depths(ARMS, 5), LIGHT), "curve") == []


@pytest.mark.parametrize("show", ["believable", "pointing-game"])
def test_a_part_is_drawn_before_anything_is_known_and_where_numbers_are_not_finite(show, store, monkeypatch):
    answer_with(monkeypatch, lambda question: None)
    page = opened("saliency", show=show, **SHAPES)
    assert errors(page) == []
    answer_with(monkeypatch, lambda question: not_finite(saliency_finding(question)))
    assert errors(drawn(page)) == []


def test_it_is_said_what_random_weights_leave_of_a_map_and_what_its_pixels_do(store, monkeypatch):
    analysts = answer_with(monkeypatch, saliency_finding)
    page = opened("saliency", show="believable", **TWO)
    # Places of five units from 1 to 0: 0.8 at the second. 16 values: 1.96 / sqrt(15) = 0.51.
    assert (
        "ResNet-8, Grad-CAM at layer3.0 for trouser: rank correlation with the map as it is 0.80 when 1 of 5 "
        "units are random, exactly 0 when all are, below 0.5 for the first time at 3: the map is lost, "
        "as it should be. Its own weights are untrained."
    ) in said(page)
    assert (
        "Of 16 independent values, 95 % of rank correlations lie within ±0.51. The random weights have"
        in said(page)
    )
    assert "Grad-CAM passed this test in Adebayo et al. 2018." in said(page)
    beside = "".join(html.proto.body for html in page.get("html"))
    assert "Test picture 0, labelled trouser." in beside
    assert beside.count("ResNet-8 says: trouser") == 1
    page.selectbox(key="method that is tested").set_value("guided-backprop")
    drawn(page)
    assert analysts.asked[-1].options.method == "guided-backprop"
    assert "Guided backprop failed this test in Adebayo et al. 2018." in said(page)
    page.button_group(key="test of a map").set_value("pixels")
    drawn(page)
    assert analysts.asked[-1].instrument == "perturbed"
    # Deletion 0.33 against five times 0.5; insertion 0.5 is not above 0.5.
    assert (
        "deletion area 0.33, better than all 5 random orders; insertion area 0.50, no better than any"
        in said(page)
    )


def test_the_range_of_rank_correlations_by_chance():
    assert chance_limit(5) == pytest.approx(0.98)  # 1.96 / sqrt(4)


def test_the_pointing_game_says_its_pictures_and_who_points_better(store, monkeypatch):
    answer_with(monkeypatch, saliency_finding)
    page = opened("saliency", show="pointing-game", **SHAPES)
    assert (
        "ResNet-8: Grad-CAM at layer3.0 points at the shape in 90% (95 % interval 85% to 95%) of 200 "
        "pictures, into its outline in 99%; a random pixel lies on it in 25%"
    ) in said(page)
    # Units of 0.10, 0.37, 0.63 and 0.90 -+ 0.05, and a random pixel has 0.25.
    assert (
        "Grad-CAM does so at 3 of 4 units, most often at layer3.0 (90%); in the last stage (90%) at 1 of 1."
    ) in said(page)
    assert "Grad-CAM points better in ResNet-8: the intervals do not overlap." in said(page)
    assert "200 test pictures; units chosen on 100 training pictures; BN held at the next batch." in said(
        page
    )
    assert "ResNet-8: initial values, seed 0, 87.5% right." in said(page)
    table = page.dataframe[0].value
    assert len(table) == 2 * 15
    np.testing.assert_allclose(table["in the outline"], 1.1 * table["rate"])


def test_an_untrained_network_whose_deep_units_point_by_chance_is_said_to_see_what_stands_out(
    store, monkeypatch
):
    def found(question):
        falling = np.array([0.5, 0.4, 0.3, 0.2])
        return saliency_finding(question)._replace(unit_rates=falling, unit_lows=falling - 0.1)

    answer_with(monkeypatch, found)
    page = opened("saliency", show="pointing-game", **SHAPES)
    # Plain: half of 25% by chance. Residual: 0.4 - 0.1 is the last one above 25%.
    assert "at 2 of 4 units, most often at conv1 (50%); in the last stage (20%) at none." in said(page)
    assert "points at what stands out" in said(page)


def test_networks_whose_intervals_overlap_cannot_be_told_apart():
    looks = [SimpleNamespace(name="plain"), SimpleNamespace(name="residual")]
    found = [saliency_finding(question("pointing-game", from_flat({"depth": 8, "skip": skip})))
             for skip in ("none", "identity")]  # fmt: skip
    wide = [each._replace(lows=each.rates - 0.5, highs=each.rates + 0.5) for each in found]
    assert told_apart(list(zip(looks, wide, strict=True))) == (
        ["By Grad-CAM the two networks cannot be told apart: the intervals overlap."]
    )
    assert told_apart(list(zip(looks, found, strict=True))) == (
        ["Grad-CAM points better in residual: the intervals do not overlap."]
    )
    assert told_apart([]) == []


def test_without_masks_the_way_to_a_race_on_shapes_is_shown_and_nothing_is_asked(store, monkeypatch):
    analysts = answer_with(monkeypatch, saliency_finding)
    page = opened("saliency", show="pointing-game", **TWO)
    assert "nobody has noted which pixels belong to the thing" in page.info[0].value
    assert not [question for question in analysts.asked if question.instrument == "pointing-game"]
