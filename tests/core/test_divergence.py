"""Divergence is a result: it is noticed at once, placed in a layer, and the run ends by itself."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from resnet_core.config import ProbeConfig, RunConfig, from_flat
from resnet_core.models.layout import layout_of
from resnet_core.train import STEPS_AFTER_DIVERGENCE, Divergence, TrainingState, initial_state, train

TINY = {"depth": 8, "width": 2, "steps": 30, "batch": 8, "warmup_steps": 0, "schedule": "constant"}
# A weight decay of 1 at such a rate multiplies every weight by about -1000 a step.
DECAYED = [
    {"skip": skip, "norm": norm, "init": init, "shortcut": shortcut, "learning_rate": 1000, "weight_decay": 1}
    for skip, norm, init, shortcut in itertools.product(
        ("none", "identity"), ("batch", "none"), ("he", "pytorch"), ("A", "B")
    )
]
OVERSHOT = [
    {"skip": "identity", "norm": "none", "init": init, "depth": depth, "learning_rate": rate}
    for init, depth, rate in itertools.product(("he", "pytorch"), (8, 14, 20), (300, 1000))
]


def run(config: RunConfig, few, state: TrainingState | None = None) -> tuple[TrainingState, list]:
    state = state or initial_state(config)
    return state, list(train(config, state, few))


def first_layer_not_finite(config: RunConfig, step: int, few) -> str | None:
    """Replays the run up to `step` and looks at what each layer puts out there, in depth order."""
    state = initial_state(config)
    for _ in zip(range(step), train(config, state, few), strict=False):
        pass
    assert state.step == step
    found = []
    for layer in layout_of(state.model).layers:
        module = state.model.get_submodule(layer.name)
        module.register_forward_hook(
            lambda module, inputs, output, name=layer.name: found.append(
                (name, bool(output.isfinite().all()))
            )
        )
    state.model(few.normalize(few.batch(config.data, config.seed, step, config.training.batch)[0]))
    assert len(found) == len(layout_of(state.model).layers)
    return next((name for name, is_finite in found if not is_finite), None)


@pytest.mark.parametrize("flat", DECAYED + OVERSHOT, ids=lambda flat: "-".join(map(str, flat.values())))
def test_a_diverging_run_ends_by_itself_and_names_step_and_layer(few, flat):
    config = from_flat(TINY | flat)
    state, records = run(config, few)
    step, layer = state.divergence
    assert len(records) == state.step == step + 1 + STEPS_AFTER_DIVERGENCE
    assert all(math.isfinite(record.loss) for record in records[:step])
    assert not any(record.quantities["nonfinite_gradients"].any() for record in records[:step])
    assert layer in [layer.name for layer in layout_of(state.model).layers]
    if math.isfinite(records[step].loss):
        # It began on the way back: behind this layer every gradient is finite.
        order = [layer.name for layer in layout_of(state.model).layers]
        counts = records[step].quantities["nonfinite_gradients"]
        assert counts[order.index(layer)] > 0
        assert not counts[order.index(layer) + 1 :].any()
    else:
        assert layer == first_layer_not_finite(config, step, few)
    assert records[-1].quantities["nonfinite_gradients"].any()


@pytest.mark.parametrize("flat", [DECAYED[0], DECAYED[-1], OVERSHOT[0]], ids=str)
def test_a_diverging_run_is_the_same_watched_or_not(few, flat):
    intervals = {f"probe_{name}": 0 for name in ProbeConfig.model_fields if name != "pictures"}
    (watched, seen), (unwatched, unseen) = (run(from_flat(TINY | flat | i), few) for i in ({}, intervals))
    assert watched.divergence == unwatched.divergence
    assert [record.loss for record in seen] == pytest.approx(
        [record.loss for record in unseen], rel=0, nan_ok=True
    )


class OverflowOnTheWayBack:
    """Makes the gradient of stage 1's output infinite in one chosen step, as a float32 that overflows."""

    def __init__(self, model: nn.Module, step: int):
        self.step, self.passes = step, 0
        model.layer1[-1].register_forward_hook(self.watch)

    def watch(self, module: nn.Module, inputs: tuple, output: Tensor) -> None:
        if self.passes == self.step:
            output.register_hook(lambda gradient: gradient * math.inf)
        self.passes += 1


@pytest.mark.parametrize("interval", [1, 0, 2, 7])
@pytest.mark.parametrize("skip", ["none", "identity"])
def test_a_gradient_that_overflows_is_placed_in_the_layer_it_reaches_first(few, interval, skip):
    config = from_flat(TINY | {"skip": skip, "probe_gradient_norm": interval, "learning_rate": 0.01})
    state = initial_state(config)
    OverflowOnTheWayBack(state.model, step=3)
    state, records = run(config, few, state)
    assert state.divergence == Divergence(3, "layer1.0.conv2")
    assert math.isfinite(records[3].loss)
    assert math.isnan(records[4].loss)
    assert len(records) == 4 + STEPS_AFTER_DIVERGENCE


def test_a_gradient_that_overflows_in_the_last_step_is_a_divergence_too(few):
    config = from_flat(TINY | {"steps": 4, "probe_gradient_norm": 0, "learning_rate": 0.01})
    state = initial_state(config)
    OverflowOnTheWayBack(state.model, step=3)
    state, records = run(config, few, state)
    assert state.divergence == Divergence(3, "layer1.0.conv2")
    assert len(records) == 4
    assert math.isnan(records[-1].evaluation.loss)


def test_a_divergence_just_before_the_end_does_not_lengthen_the_run(few):
    flat = TINY | OVERSHOT[0]
    step = run(from_flat(flat), few)[0].divergence.step
    state, records = run(from_flat(flat | {"steps": step + 2}), few)
    assert state.divergence.step == step
    assert len(records) == step + 2
    assert records[-1].evaluation is not None


def test_a_weight_that_is_not_finite_is_found_where_it_is(few):
    config = from_flat(TINY)
    state = initial_state(config)
    with torch.no_grad():
        state.model.layer2[0].conv2.weight[0, 0, 0, 0] = math.nan
    state, _ = run(config, few, state)
    assert state.divergence == Divergence(0, "layer2.0.conv2")


def test_looking_for_the_layer_leaves_buffers_and_hooks_alone(few):
    config = from_flat(TINY | {"norm": "batch"})
    state = initial_state(config)
    with torch.no_grad():
        state.model.fc.weight[0, 0] = math.nan
    next(train(config, state, few))
    assert state.divergence == Divergence(0, "fc")
    assert (
        int(state.model.bn1.num_batches_tracked) == 1
    )  # two, had the search gone through the network itself
    assert not any(module._forward_hooks for module in state.model.modules())


def test_a_restored_run_that_had_diverged_goes_on_to_its_end(few):
    config = from_flat(TINY | OVERSHOT[0])
    state, expected = initial_state(config), run(config, few)[1]
    steps = train(config, state, few)
    first = [next(steps) for _ in range(len(expected) - 2)]
    assert state.divergence is not None
    steps.close()
    rest = list(train(config, state, few))
    assert [record.step for record in first + rest] == [record.step for record in expected]


def test_a_run_that_goes_well_has_no_divergence(few):
    state, records = run(from_flat(TINY | {"steps": 5, "learning_rate": 0.1}), few)
    assert state.divergence is None
    assert np.isfinite([record.loss for record in records]).all()
