"""Records: a step goes to bytes and back as it was, NaN and infinity included."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_core.config import ModelConfig
from resnet_core.models import build_model
from resnet_core.models.layout import layout_of
from resnet_core.records import (
    EVALUATION,
    QUANTITIES,
    SCALARS,
    Evaluation,
    Layer,
    Layout,
    Phase,
    StepRecord,
    decode_step,
    encode_step,
)

LAYOUT = Layout(
    (Layer("conv1", "conv", 1), Layer("layer1.0.conv1", "conv", 2), Layer("fc", "linear", 3)), ("layer1.0",)
)
ARRAYS = [name for name in QUANTITIES if name != "evaluation"]

any_float32 = st.floats(width=32)
evaluations = st.none() | st.builds(Evaluation, any_float32, any_float32, st.integers(1, 2**24))


@st.composite
def records(draw: st.DrawFn) -> StepRecord:
    """Any record that fits LAYOUT."""
    names = draw(st.sets(st.sampled_from(ARRAYS)))
    sizes = {name: LAYOUT.size(name) for name in names}
    found = {name: draw(st.lists(any_float32, min_size=size, max_size=size)) for name, size in sizes.items()}
    quantities = {name: np.array(values, np.float32) for name, values in found.items()}
    scalars = [draw(any_float32) for _ in SCALARS]
    return StepRecord(draw(st.integers(0, 2**31)), *scalars, draw(evaluations), quantities)


@given(records())
def test_a_step_comes_back_from_its_bytes_as_it_was(record):
    present, numbers = encode_step(record)
    back = decode_step(record.step, present, numbers, LAYOUT)
    assert encode_step(back) == (present, numbers)
    assert back.step == record.step
    np.testing.assert_array_equal(back.evaluation or (), record.evaluation or ())
    assert set(back.quantities) == set(record.quantities)
    for name, values in record.quantities.items():
        np.testing.assert_array_equal(back.quantities[name], values)


def test_the_bytes_of_a_step_written_by_hand():
    record = StepRecord(
        7,
        loss=math.nan,
        accuracy=0.5,
        learning_rate=0.25,
        seconds=2.0,
        evaluation=Evaluation(0.75, math.inf, 500),
        quantities={"branch_ratio": np.array([1.5])},
    )
    present, numbers = encode_step(record)
    assert present == 0b1000001  # evaluation is bit 0, branch_ratio bit 6
    assert numbers == np.array([math.nan, 0.5, 0.25, 2, 0.75, math.inf, 500, 1.5], "<f4").tobytes()


def test_a_step_with_nothing_but_its_loss():
    present, numbers = encode_step(StepRecord(0, 1.0, 0.0, 0.5, 0.25))
    assert (present, len(numbers)) == (0, 4 * len(SCALARS))
    assert decode_step(0, 0, numbers, LAYOUT) == StepRecord(0, 1.0, 0.0, 0.5, 0.25)


def test_the_order_of_quantities_on_disk_is_not_the_order_they_were_measured_in():
    one = {"update_ratio": np.full(3, 2.0), "gradient_norm": np.full(3, 1.0)}
    other = dict(reversed(one.items()))
    assert encode_step(StepRecord(0, 1, 1, 1, 1, None, one)) == encode_step(
        StepRecord(0, 1, 1, 1, 1, None, other)
    )


@pytest.mark.parametrize("cut", [-16, -4, -1, 4])
def test_bytes_that_do_not_fit_the_layout_are_refused(cut):
    quantities = {"gradient_norm": np.ones(3)}
    present, numbers = encode_step(StepRecord(0, 1, 1, 1, 1, Evaluation(1, 1, 1), quantities))
    damaged = numbers[:cut] if cut < 0 else numbers + b"\0" * cut
    with pytest.raises(ValueError):
        decode_step(0, present, damaged, LAYOUT)


def test_the_bits_on_disk_never_move():
    # Old stores are read by these positions: a new quantity goes to the end.
    assert list(QUANTITIES)[:13] == [
        "evaluation",
        "gradient_norm",
        "nonfinite_gradients",
        "activation_mean",
        "activation_std",
        "dead_share",
        "branch_ratio",
        "update_ratio",
        "gate",
        "branch_gain",
        "shortcut_gradient",
        "branch_gradient",
        "path_cosine",
    ]
    assert SCALARS == ("loss", "accuracy", "learning_rate", "seconds")
    assert (
        EVALUATION == ("test_accuracy", "test_loss", "test_images") == EVALUATION[: len(Evaluation._fields)]
    )


def test_a_plain_network_has_a_block_quantity_of_size_zero():
    layout = layout_of(build_model(ModelConfig(depth=8, skip="none", width=2), 1, 10, seed=0))
    assert layout.size("branch_ratio") == 0
    present, numbers = encode_step(StepRecord(0, 1, 1, 1, 1, None, {"branch_ratio": np.empty(0)}))
    assert decode_step(0, present, numbers, layout).quantities["branch_ratio"].size == 0


def test_the_phases_that_are_an_end():
    assert {phase for phase in Phase if phase.has_ended} == {
        Phase.DONE,
        Phase.STOPPED,
        Phase.DIVERGED,
        Phase.FAILED,
    }
