"""Numbers against depth: what was measured stands where it belongs, and what has no place gets a lane."""

import numpy as np
import pytest

from app.figures.depth import Band, Line, by_depth, moved_apart, unknown
from app.figures.lanes import heights_of
from app.figures.theme import LIGHT, Arm, styles_of

RESIDUAL, PLAIN = (
    Arm(n, s) for n, s in zip(("ResNet", "plain"), styles_of(["residual", "plain"]), strict=True)
)
INF, NAN = np.inf, np.nan


def line(values, arm=RESIDUAL, is_beside=None) -> Line:
    depths = np.arange(1, len(values) + 1)
    return Line(arm, depths, np.array(values), np.array([f"conv{d}" for d in depths]), is_beside)


def traces(figure, meta):
    return [trace for trace in figure.data if trace.meta == meta]


def test_nothing_known_is_an_empty_figure_of_the_same_size():
    empty, full = by_depth([unknown(RESIDUAL)], "norm", LIGHT), by_depth([line([1, 2])], "norm", LIGHT)
    assert all(len(trace.x) == 0 for trace in empty.data)
    assert (empty.layout.height, empty.layout.margin) == (full.layout.height, full.layout.margin)
    assert by_depth([], "norm", LIGHT).layout.xaxis.range == (0, 57)


def test_a_line_stands_at_the_logarithms_and_says_the_numbers():
    [found] = traces(by_depth([line([0.01, 1, 100])], "norm", LIGHT), "line")
    assert (found.x.tolist(), found.y.tolist()) == ([1, 2, 3], [-2, 0, 2])
    assert found.text.tolist() == ["conv1: 0.01", "conv2: 1", "conv3: 100"]


def test_zero_infinity_and_nan_get_lanes_in_which_they_break_the_line():
    figure = by_depth([line([1, 0, INF, NAN, 10])], "norm", LIGHT)
    [main], [lanes] = traces(figure, "line"), traces(figure, "lanes")
    assert np.isnan(main.y).tolist() == [False, True, True, True, False]
    zero, infinite, undefined = lanes.y
    assert lanes.x.tolist() == [2, 3, 4]
    assert zero < 0 < 1 < infinite < undefined
    words = dict(zip(figure.layout.yaxis.tickvals, figure.layout.yaxis.ticktext, strict=True))
    assert [words[height] for height in (zero, infinite, undefined)] == ["0", "∞", "NaN"]
    low, high = figure.layout.yaxis.range
    assert low < zero
    assert undefined < high


def test_on_a_linear_axis_zero_and_what_is_below_it_have_their_place():
    figure = by_depth([line([-1, 0, 2])], "cosine", LIGHT, is_log=False)
    assert traces(figure, "line")[0].y.tolist() == [-1, 0, 2]
    assert not len(traces(figure, "lanes")[0].x)


def test_layers_beside_the_main_path_are_open_markers_off_the_line():
    figure = by_depth([line([1, 10, 100], is_beside=np.array([False, True, False]))], "norm", LIGHT)
    [main], [beside] = traces(figure, "line"), traces(figure, "beside")
    assert (main.x.tolist(), beside.x.tolist(), beside.y.tolist()) == ([1, 3], [2], [1])
    assert beside.marker.symbol == "circle-open"


def test_a_law_is_dotted_and_has_no_lanes():
    figure = by_depth([line([1, 2])], "norm", LIGHT, laws=[line([1, NAN])])
    [law] = traces(figure, "law")
    assert law.line.dash == "dot"
    assert law.y[0] == 0
    assert np.isnan(law.y[1])
    assert "NaN" not in figure.layout.yaxis.ticktext


def test_every_line_has_its_name_at_its_end_and_names_do_not_touch():
    figure = by_depth([line([1, 5]), line([1, 5.01], PLAIN)], "norm", LIGHT)
    one, other = figure.layout.annotations
    assert {one.text, other.text} == {"ResNet", "plain"}
    assert {one.x, other.x} == {2}
    assert abs(one.y - other.y) > 0.02


def test_a_band_covers_the_layers_of_its_block():
    [band] = by_depth([line([1, 2, 3])], "norm", LIGHT, bands=[Band("layer1.0", 2, 3)]).layout.shapes
    assert (band.x0, band.x1) == (1.5, 3.5)


def test_places_are_moved_apart_and_keep_their_middle():
    assert moved_apart([0, 0.5, 10], [2, 2, 2]) == pytest.approx([-0.75, 1.25, 10])


def test_heights_of_one_value_or_none_have_a_length():
    for heights in (heights_of([]), heights_of([np.array([3.0])]), heights_of([np.zeros(3)], False)):
        assert heights.high > heights.low
