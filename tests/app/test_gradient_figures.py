"""Figures of the Gradients page: every number where it belongs, and as much room where none is known."""

import numpy as np
import pytest

from app.figures.families import Curve, Panel, depth_colors, families
from app.figures.history import Readings, history_of
from app.figures.path_lengths import Spectrum, path_lengths
from app.figures.scalar_nets import ScalarNet, scalar_nets
from app.figures.shattered import Way, normalised, shattered
from app.figures.strips import THIN, WIDE, Strip, Widths, strips
from app.figures.theme import DARK, LIGHT, Arm, styles_of
from app.figures.two_paths import Ways, two_paths
from app.figures.updates import updates
from app.figures.words import in_words
from tests.app.small_histories import HISTORY, LAYOUT

ARM = Arm("ResNet-8", styles_of(["residual"])[0])
PLAIN = styles_of(["plain"])[0]
INF, NAN = np.inf, np.nan


def names(count: int) -> np.ndarray:
    return np.array([f"layer1.{i}" for i in range(count)])


def drawn(figure, meta=None):
    return [
        trace
        for trace in figure.data
        if len(trace.x) and trace.x[0] is not None and meta in (None, trace.meta)
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "exactly 0"), (INF, "infinite"), (NAN, "not a number"), (2712.0, "2,700"), (0.916, "0.92"),
     (12.4, "12"), (3.14e-8, "3.1 · 10⁻⁸"), (3.9e6, "3.9 · 10⁶"), (-0.05, "−0.050"), (0.996, "1.0")],
)  # fmt: skip
def test_numbers_as_words(value, words):
    assert in_words(value) == words


def test_families_share_one_axis_and_end_with_their_depth():
    curves = [Curve(8, np.array([1, 8]), np.array([0.0, 1]), names(2)),
              Curve(14, np.array([1, 14]), np.array([100.0, NAN]), names(2))]  # fmt: skip
    figure = families([Panel("Plain", "8: exactly 0", PLAIN, curves)], [8, 14], LIGHT)
    lines = [trace for trace in drawn(figure) if trace.mode == "lines"]
    assert [np.isnan(line.y).tolist() for line in lines] == [[True, False], [False, True]]
    assert {note.text for note in figure.layout.annotations} >= {"8", "14"}
    assert list(figure.layout.yaxis.ticktext)[-2:] == ["0", "NaN"]


def test_families_of_nothing_have_all_axes_and_the_same_height():
    empty = families([Panel(str(i), "…", PLAIN, []) for i in range(4)], [8], LIGHT)
    assert len(empty.data) == 4
    assert empty.layout.height == families([], [], LIGHT).layout.height
    assert depth_colors(8, LIGHT) != depth_colors(8, DARK)


def strip(known, past=(NAN, 2.0, 0.0), through=(1.0, 100.0, INF)) -> Strip:
    return Strip(ARM, names(3), np.array(["stem", "a", "a"]), np.array([False, True, True]), np.array(past),
                 np.array(through), np.array(known))  # fmt: skip


def test_lines_are_as_wide_as_the_logarithm_of_what_they_carry():
    widths = Widths.of([np.array([0.01, 1, 0, NAN, INF])])
    assert [widths(v) for v in (0.01, 0.1, 1, 0, NAN, INF)] == pytest.approx(
        [THIN, (THIN + WIDE) / 2, WIDE, THIN, THIN, WIDE]
    )


def test_a_strip_has_a_box_a_unit_and_an_arc_a_skip_and_says_its_numbers():
    figure = strips([strip([True] * 3)], LIGHT)
    shapes = figure.layout.shapes
    paths = " ".join(shape.path for shape in shapes if shape.type == "path")
    assert (paths.count("Z"), paths.count(" C ")) == (3, 2)
    [heads] = figure.data
    assert heads.text.tolist()[:3] == [
        "layer1.0, branch: 1",
        "layer1.1, branch: 100",
        "layer1.2, branch: inf",
    ]
    assert heads.text.tolist()[3:] == ["layer1.1, shortcut: 2", "layer1.2, shortcut: 0"]


def test_what_is_not_known_yet_says_nothing_and_takes_the_same_room():
    figure = strips([strip([False, False, True])], LIGHT)
    assert figure.data[0].text.tolist() == ["layer1.2, branch: inf", "layer1.2, shortcut: 0"]
    assert figure.layout.height == strips([], LIGHT).layout.height


def test_two_paths_are_two_lines_and_a_cosine_and_no_network_is_an_empty_figure():
    ways = Ways(
        "", 0, np.array([3, 5]), names(2), np.array([1.0, 10]), np.array([0.1, 0]), np.array([0.5, NAN])
    )
    shortcut, branch, cosine = drawn(two_paths([ways], LIGHT), "line")
    assert shortcut.y.tolist() == [0, 1]
    assert branch.y[0] == -1
    assert np.isnan(branch.y[1])  # 0 is in its lane
    assert cosine.yaxis == "y2"
    assert cosine.y[0] == 0.5
    assert two_paths([], LIGHT).layout.height == two_paths([ways], LIGHT).layout.height


def test_path_lengths_show_count_one_path_sum_and_product():
    spectrum = Spectrum(ARM, np.arange(3), np.array([1.0, 2, 1]), np.array([1.0, NAN, 0.01]),
                        np.array([1.0, 0.1, 0.01]), (0.0, 1.0))  # fmt: skip
    counts, one_path, carried, product = drawn(path_lengths([spectrum], LIGHT))
    assert counts.y.tolist() == pytest.approx([0, np.log10(2), 0])
    assert (one_path.x.tolist(), one_path.y.tolist()) == ([0, 2], [0, -2])  # length 1 was not sampled
    assert carried.y.tolist() == [0, -1, -2]
    assert product.line.dash == "dot"
    [band] = path_lengths([spectrum], LIGHT).layout.shapes
    assert (band.x0, band.x1) == (-0.5, 1.5)
    assert not drawn(path_lengths([], LIGHT))


def test_slopes_are_over_their_root_mean_square_unless_there_is_none():
    assert normalised(np.array([3.0, -4])).tolist() == pytest.approx([3 / 12.5**0.5, -4 / 12.5**0.5])
    assert normalised(np.zeros(2)).tolist() == [0, 0]
    assert normalised(np.array([INF, 1.0])).tolist() == [INF, 1]


def test_shattered_has_a_map_a_network():
    way = Way(ARM, np.linspace(0, 1, 4), np.ones(4), np.eye(4), np.arange(1, 4), np.zeros(3))
    figure = shattered([way], LIGHT, most=2)
    [heat] = [trace for trace in figure.data if trace.type == "heatmap"]
    assert heat.z.tolist() == np.eye(4).tolist()
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (-1, 1)
    assert not drawn(shattered([], LIGHT))


def test_networks_of_one_number_have_a_panel_each_and_one_for_all():
    net = ScalarNet(ARM, np.arange(4), np.ones(4), np.arange(1, 3), np.array([0.5, 0.25]), np.zeros(2))
    slopes, lags = drawn(scalar_nets([net], LIGHT))
    assert (slopes.y.tolist(), lags.y.tolist()) == ([1] * 4, [0.5, 0.25])
    assert len(scalar_nets([], LIGHT).data) == 4


def test_updates_are_maps_with_the_step_marked_and_colours_for_what_has_no_logarithm():
    values = np.array([[0.1, 0, 0, 1], [0.01, 0.1, 0, INF]], np.float32)
    history = HISTORY.until(np.inf)
    history.readings["update_ratio"] = Readings(np.array([0, 1]), values)
    figure = updates([(ARM, history)], 1, LIGHT)
    [ratio] = drawn(figure, "ratio")
    # The projection, third of the four layers, is beside the main path.
    assert ratio.z[0].tolist() == pytest.approx([-1, -2])
    assert np.isnan(ratio.z[1, 0])
    assert drawn(figure, "zero")[0].z[1, 0] == 1
    assert drawn(figure, "infinite")[0].z[2, 1] == 1
    assert figure.layout.shapes[0].x0 == 1
    two = updates([(ARM, history_of([], LAYOUT)), (ARM, history)], 60, LIGHT)
    assert two.layout.height == figure.layout.height
    assert two.layout.xaxis2.range[1] > 60
