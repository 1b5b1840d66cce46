"""Maps over depth and step: what is drawn is what was stored, and what has no logarithm has a colour."""

import numpy as np
import pytest

from app.figures.heat import MAX_CELLS, cells_of, color_span, fill_heat_maps, heat_maps
from app.figures.history import history_of
from app.figures.theme import LIGHT
from tests.app.small_histories import EMPTY, HISTORY, LAYOUT, PLAIN_AND_RESIDUAL, record, traces


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
