"""Figures: what is drawn is what was stored, and what an axis has no place for is drawn beside it."""

import numpy as np
import pytest

from app.figures.curves import curves, fill_curves
from app.figures.heat import MAX_CELLS, cells_of, color_span, fill_heat_maps, heat_maps
from app.figures.history import History, Readings, history_of
from app.figures.profile import QUANTITIES, decade_ticks, fill_profile, profile
from app.figures.theme import DARK, LIGHT, PALETTES, arm_names, arm_styles, arms
from resnet_core import records
from resnet_core.config import from_flat, to_flat
from resnet_core.records import Evaluation, Layer, Layout, StepRecord
from resnet_core.results import smoothed

LAYOUT = Layout(
    (Layer("conv1", "conv", 1), Layer("layer1.0.conv1", "conv", 2), Layer("down", "projection", 2),
     Layer("fc", "linear", 3)),
    ("layer1.0",),
)  # fmt: skip
EMPTY = history_of([], None)


def labels(*settings: dict) -> list[dict]:
    return [to_flat(from_flat(one)) for one in settings]


PLAIN_AND_RESIDUAL = arms(labels({"skip": "none"}, {"skip": "identity"}))


def record(step: int, norms, loss: float = 2.0, accuracy: float | None = None) -> StepRecord:
    evaluation = None if accuracy is None else Evaluation(accuracy, 1.0, 500)
    readings = {"gradient_norm": np.array(norms, np.float32), "branch_ratio": np.array([0.5], np.float32)}
    return StepRecord(step, loss, 0.5, 0.1, 0.1 * step, evaluation, readings)


HISTORY = history_of(
    [record(0, [8, 4, 2, 1], loss=2.0), record(1, [1, 2, 3, 4], loss=1.0, accuracy=0.25)], LAYOUT, 300
)


def traces(figure, role: str):
    return [trace for trace in figure.data if trace.meta["role"] == role]


# names and looks


def test_arms_are_named_by_family_and_depth():
    assert arm_names(labels({"skip": "none"}, {"skip": "identity"})) == ["plain-56", "ResNet-56"]


def test_a_name_tells_the_setting_that_differs_and_no_other():
    assert arm_names(labels({"norm": "none"}, {})) == ["ResNet-56, no BN", "ResNet-56"]
    assert arm_names(labels({"learning_rate": 0.05}, {})) == ["ResNet-56, lr 0.05", "ResNet-56, lr 0.1"]
    assert arm_names(labels({"skip": "none", "norm": "none"}, {"norm": "none"})) == ["plain-56", "ResNet-56"]


def test_equal_arms_are_numbered():
    assert arm_names(labels({}, {})) == ["ResNet-56 (1)", "ResNet-56 (2)"]


def test_no_arms_have_no_names():
    assert arm_names([]) == []


@pytest.mark.parametrize("palette", PALETTES.values())
@pytest.mark.parametrize("skip", ["none", "identity"])
def test_four_arms_of_a_kind_differ_in_colour_and_dash_and_marker(skip, palette):
    styles = arm_styles(labels(*[{"skip": skip}] * 4))
    for look in ([s.color(palette) for s in styles], [s.dash for s in styles], [s.symbol for s in styles]):
        assert len(set(look)) == 4


def test_residual_is_solid_blue_and_plain_is_dashed_orange_in_any_order():
    residual, plain = arm_styles(labels({}, {"skip": "none"}))
    assert (residual.color(LIGHT), residual.dash) == ("#0072b2", "solid")
    assert plain.color(LIGHT) == "#d55e00"
    assert plain.dash != "solid"


@pytest.mark.parametrize("palette", PALETTES.values())
def test_lines_stand_out_from_the_page(palette):
    # WCAG 2.2, 1.4.11: graphics need a contrast of 3
    for color in (*palette.residual, *palette.plain):
        assert contrast(color, palette.paper) >= 3


@pytest.mark.parametrize("palette", PALETTES.values())
def test_text_is_readable_on_the_page(palette):
    for color in (palette.ink, palette.muted, palette.right, palette.wrong):
        assert contrast(color, palette.paper) >= 4.5


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


# curves


def test_smoothing_of_a_hand_computed_case():
    # constant 1/2: averages 1, then (1/2 * 1/2 + 1/2 * 4) / (1 - 1/4) = 3
    assert smoothed(np.array([1.0, 4.0]), 0.5) == pytest.approx([1.0, 3.0])


def test_smoothing_ends_where_the_loss_ends():
    assert np.isnan(smoothed(np.array([1.0, np.nan, 1.0]))[1:]).all()


def test_curves_of_nothing_are_empty():
    figure = fill_curves(curves(PLAIN_AND_RESIDUAL, LIGHT), [EMPTY, EMPTY])
    assert all(len(trace.x) == 0 for trace in figure.data)


def test_curves_show_the_stored_numbers():
    figure = fill_curves(curves(PLAIN_AND_RESIDUAL, DARK), [EMPTY, HISTORY])
    assert traces(figure, "loss")[1].y.tolist() == [2.0, 1.0]
    assert traces(figure, "smoothed_loss")[1].y.tolist() == smoothed(np.array([2.0, 1.0])).tolist()
    assert (traces(figure, "test_accuracy")[1].x.tolist(), traces(figure, "test_accuracy")[1].y) == (
        [1],
        [0.25],
    )
    assert figure.layout.xaxis.range == (0, 300)
    assert figure.layout.yaxis2.range == (0, 1)


def test_a_loss_that_is_not_finite_is_marked_and_named():
    broken = history_of([record(0, [1] * 4), record(1, [1] * 4, loss=np.inf)], LAYOUT)
    figure = fill_curves(curves(PLAIN_AND_RESIDUAL[:1], LIGHT), [broken])
    assert traces(figure, "lost")[0].x.tolist() == [1]
    assert traces(figure, "lost")[0].text == (" no finite loss from step 1",)
    assert np.isnan(traces(figure, "loss")[0].y[1])


def test_only_what_was_known_at_a_step_is_shown():
    assert HISTORY.until(0).loss.tolist() == [2.0]
    assert len(HISTORY.until(0).accuracy.steps) == 0
    assert HISTORY.until(0).readings["gradient_norm"].values.tolist() == [[8, 4, 2, 1]]


# profiles


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_profiles_of_nothing_are_empty(quantity):
    figure = fill_profile(profile(PLAIN_AND_RESIDUAL, LIGHT, quantity), [EMPTY, EMPTY])
    assert all(len(trace.x) == 0 for trace in figure.data)


def test_every_probed_quantity_has_a_profile():
    by_layer = {name for name, axis in records.QUANTITIES.items() if axis in ("layer", "block")}
    assert set(QUANTITIES) == by_layer - {"nonfinite_gradients"}


def test_a_profile_shows_now_before_its_start_and_projections_apart():
    figure = fill_profile(profile(PLAIN_AND_RESIDUAL, LIGHT), [EMPTY, HISTORY])
    now, initial, side = (traces(figure, role)[1] for role in ("now", "initial", "projection"))
    assert (now.x.tolist(), now.y.tolist()) == ([1, 2, 3], [1, 2, 4])
    assert initial.y.tolist() == [8, 4, 1]
    assert (side.x.tolist(), side.y.tolist(), side.text.tolist()) == ([2], [3], ["down"])
    assert [trace.meta["role"] for trace in figure.data][:2] == ["initial", "initial"]  # drawn first: behind


def test_zero_infinity_and_nan_have_lanes_and_are_never_left_out():
    odd = history_of([record(0, [0, np.inf, np.nan, 1])], LAYOUT)
    figure = fill_profile(profile(PLAIN_AND_RESIDUAL[:1], LIGHT), [odd])
    assert traces(figure, "zero")[0].x.tolist() == [1]
    assert traces(figure, "nonfinite")[0].x.tolist() == [2, 2]
    assert traces(figure, "nonfinite")[0].y.tolist() == [0, 1]  # the lanes of infinity and NaN
    assert figure.layout.yaxis2.visible
    assert figure.layout.yaxis3.visible
    shown = sum(np.isfinite(np.array(t.y, float)).sum() for t in figure.data if t.meta["role"] != "initial")
    assert shown == len(LAYOUT.layers)


def test_lanes_are_hidden_while_nobody_needs_them():
    figure = fill_profile(profile(PLAIN_AND_RESIDUAL[:1], LIGHT), [HISTORY])
    assert not figure.layout.yaxis2.visible
    assert not figure.layout.yaxis3.visible


def test_blocks_are_numbered_and_a_plain_network_has_none():
    plain = History(HISTORY.steps, HISTORY.loss, HISTORY.accuracy, LAYOUT.layers, (),
                    {"branch_ratio": Readings(np.array([0]), np.empty((1, 0)))})  # fmt: skip
    figure = fill_profile(profile(PLAIN_AND_RESIDUAL, LIGHT, "branch_ratio"), [plain, HISTORY])
    assert len(traces(figure, "now")[0].x) == 0
    assert traces(figure, "now")[1].y.tolist() == [0.5]


@pytest.mark.parametrize(("decades", "ticks"), [(1, "D2"), (4, 1), (9, 1), (10, 2), (30, 4)])
def test_a_logarithmic_axis_has_at_most_ten_labels(decades, ticks):
    assert decade_ticks(decades) == ticks


@pytest.mark.parametrize(("quantity", "room"), [("gradient_norm", 1000), ("activation_mean", 10)])
def test_what_is_far_beyond_step_0_is_marked_at_the_edge_and_does_not_stretch_the_axis(quantity, room):
    def history(*values) -> History:
        readings = {quantity: Readings(np.arange(len(values)), np.array(values, np.float32))}
        return History(np.arange(2), np.zeros(2), EMPTY.accuracy, LAYOUT.layers, LAYOUT.blocks, readings)

    # The largest of any arm at step 0 is 8, so the axis has room for 8 times `room`.
    calm, wild = history([8, 4, 2, 1]), history([1, 1, 1, 1], [8 * room, 9 * room, 1, 2.0**99])
    figure = fill_profile(profile(PLAIN_AND_RESIDUAL, LIGHT, quantity), [wild, calm])
    line, beyond = traces(figure, "now")[0], traces(figure, "beyond")[0]
    assert (beyond.x.tolist(), beyond.customdata.tolist()) == ([2, 3], [9 * room, 2.0**99])
    np.testing.assert_array_equal(line.y, [8 * room, np.nan, np.nan])
    top = figure.layout.yaxis.range[1]
    assert (10**top if QUANTITIES[quantity].is_log else top) <= 8 * room * 10**0.5
    assert figure.layout.yaxis3.visible


# bars


def gained(*values) -> History:
    """A run of three blocks whose gains were `values`, step after step."""
    steps, rows = np.arange(len(values)), np.array(values, np.float32)
    readings = {"branch_gain": Readings(steps, rows)}
    return History(steps, np.zeros(len(values)), EMPTY.accuracy, LAYOUT.layers, ("a", "b", "c"), readings)


def bars_of(*histories: History):
    looks = arms(labels(*[{"seed": seed} for seed in range(len(histories))]))
    return fill_profile(profile(looks, LIGHT, "branch_gain"), histories)


def test_bars_stand_side_by_side_at_their_block():
    figure = bars_of(gained([0, 0, 0], [0.5, 0.25, 1]), gained([1, 1, 1]))
    one, other = traces(figure, "now")
    assert (one.y.tolist(), other.y.tolist()) == ([0.5, 0.25, 1], [1, 1, 1])
    assert (one.x + other.x).tolist() == pytest.approx([2, 4, 6])  # the blocks are between them
    assert other.x[0] - one.x[0] > one.width
    assert one.text.tolist() == ["a", "b", "c"]


def test_a_bar_has_its_arms_marker_at_its_end_and_a_tick_where_it_began():
    figure = bars_of(gained([0, 0, 0], [0.5, 0.25, 1]))
    bar, [end], [tick] = traces(figure, "now")[0], traces(figure, "end"), traces(figure, "initial")
    assert (end.x.tolist(), end.y.tolist()) == (bar.x.tolist(), bar.y.tolist())
    assert (tick.y.tolist(), 2 * tick.error_x.value) == ([0, 0, 0], bar.width)


def test_an_arm_without_bars_takes_no_room():
    [alone] = [trace for trace in traces(bars_of(EMPTY, gained([1, 1, 1])), "now") if len(trace.x)]
    assert alone.x.tolist() == [1, 2, 3]
    assert alone.width > 0.5


@pytest.mark.parametrize("gain", [1e-6, 0.01, 1.0, 9.0])
def test_bars_fill_the_axis_however_small_they_are(gain):
    bottom, top = bars_of(gained([gain, gain / 2, 0])).layout.yaxis.range
    assert -0.1 * gain < bottom < 0 < gain < top < 1.1 * gain


def test_bars_that_are_all_0_have_an_axis():
    bottom, top = bars_of(gained([0, 0, 0])).layout.yaxis.range
    assert bottom < 0 < top


def test_four_arms_have_bars_of_four_fills():
    bars = traces(bars_of(*[gained([1, 1, 1])] * 4), "now")
    looks = {(bar.marker.pattern.shape, bar.marker.color == "rgba(0,0,0,0)") for bar in bars}
    assert len(looks) == 4


def test_a_gain_that_is_no_number_is_in_a_lane_and_has_no_bar():
    figure = bars_of(gained([1, 1, 1], [np.nan, np.inf, 1e9]))
    assert np.isnan(traces(figure, "now")[0].y).all()
    assert traces(figure, "nonfinite")[0].y.tolist() == [1, 0]
    assert traces(figure, "beyond")[0].x.tolist() == [3]


# maps


def test_maps_of_nothing_are_empty():
    figure = fill_heat_maps(heat_maps(PLAIN_AND_RESIDUAL, LIGHT), [EMPTY, EMPTY])
    assert traces(figure, "heat")[0].z.size == 0


def test_a_map_has_the_logs_of_the_main_path():
    cells = cells_of(HISTORY)
    assert cells.steps.tolist() == [0, 1]
    assert cells.depths.tolist() == [1, 2, 3]
    assert cells.values == pytest.approx(np.log10([[8, 1], [4, 2], [1, 4]]))


def test_all_maps_share_one_colour_scale_from_decade_to_decade():
    figure = fill_heat_maps(heat_maps(PLAIN_AND_RESIDUAL, LIGHT), [HISTORY, HISTORY])
    assert all(trace.coloraxis == "coloraxis" for trace in traces(figure, "heat"))
    assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (0, 1)


def test_a_rare_extreme_does_not_take_the_colours_from_the_rest():
    norms = np.full((200, 4), 0.5, np.float32)
    norms[0, 0] = 1e9
    history = history_of([record(step, norms[step]) for step in range(200)], LAYOUT)
    assert color_span([cells_of(history)]) == (-1, 0)


@pytest.mark.parametrize(("value", "role"), [(0, "zero"), (np.inf, "infinite"), (np.nan, "undefined")])
def test_cells_without_a_logarithm_have_colours_of_their_own(value, role):
    figure = fill_heat_maps(
        heat_maps(PLAIN_AND_RESIDUAL[:1], LIGHT), [history_of([record(0, [value, 1, 1, 1])], LAYOUT)]
    )
    [trace] = traces(figure, role)
    assert trace.z[:, 0].tolist()[0] == 1
    assert np.isnan(traces(figure, "heat")[0].z[0, 0])
    assert getattr(LIGHT, role) in {color for _, color in trace.colorscale}


def test_many_readings_share_cells_and_the_worst_wins():
    steps = 4 * MAX_CELLS[0]
    norms = np.ones((steps, 4), np.float32)
    norms[5, 0] = np.nan
    history = history_of([record(i, norms[i]) for i in range(steps)], LAYOUT)
    cells = cells_of(history)
    assert cells.values.shape == (3, MAX_CELLS[0])
    assert cells.special[0, 1] == 2
    assert np.isnan(cells.special[0, [0, 2]]).all()
