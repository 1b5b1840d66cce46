"""The loop: a textbook one gives the identical losses, and a record says what happened at its step."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from resnet_core.config import RunConfig, TrainingConfig, from_flat
from resnet_core.data.order import draw_batch
from resnet_core.models import build_model
from resnet_core.train import evaluate, initial_state, learning_rate, train
from tests.core.random_configs import networks

TINY = {"depth": 8, "width": 2, "steps": 5, "batch": 8, "eval_images": 20, "warmup_steps": 2}


def tiny(**flat) -> RunConfig:
    return from_flat(TINY | flat)


def textbook_losses(config: RunConfig, few) -> list[float]:
    """The loop that a tutorial has, over the pictures in memory."""
    training = config.training
    model = build_model(config.model, 1, 10, config.seed)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=training.learning_rate,
        momentum=training.momentum,
        nesterov=training.momentum > 0,
        weight_decay=training.weight_decay,
    )
    losses = []
    for step in range(training.steps):
        indices = draw_batch(config.seed, step, training.batch, len(few.train_labels)).indices
        inputs = (few.train_images[indices].float() / 255 - 0.2860) / 0.3530
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(training, step)
        optimizer.zero_grad()
        loss = criterion(model(inputs), few.train_labels[indices])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@given(
    networks(),
    st.sampled_from([0.0, 0.9]),
    st.sampled_from(["linear", "cosine", "constant"]),
    st.integers(1, 12),
    st.integers(0, 99),
)
@settings(max_examples=12)
def test_losses_are_those_of_a_textbook_loop_bit_for_bit(few, flat, momentum, schedule, batch, seed):
    config = tiny(**flat, momentum=momentum, schedule=schedule, batch=batch, seed=seed)
    assert [record.loss for record in train(config, images=few)] == textbook_losses(config, few)


# The learning rate.


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        # warm-up 0.1 * (1, 2, 3, 4) / 4, then from the peak by fourths of the remaining four steps
        ("linear", [0.025, 0.05, 0.075, 0.1, 0.1, 0.075, 0.05, 0.025]),
        ("cosine", [0.025, 0.05, 0.075, 0.1, 0.1, 0.1 * 0.853553, 0.05, 0.1 * 0.146447]),
        ("constant", [0.025, 0.05, 0.075, 0.1, 0.1, 0.1, 0.1, 0.1]),
    ],
)
def test_the_learning_rate_of_eight_steps_by_hand(schedule, expected):
    training = TrainingConfig(steps=8, learning_rate=0.1, warmup_steps=4, schedule=schedule)
    assert [learning_rate(training, step) for step in range(8)] == pytest.approx(expected, rel=1e-5)


@given(
    st.integers(1, 500),
    st.integers(0, 600),
    st.floats(1e-4, 1000),
    st.sampled_from(["linear", "cosine", "constant"]),
)
def test_the_learning_rate_rises_to_its_peak_and_never_falls_to_zero(steps, warmup, peak, schedule):
    training = TrainingConfig(steps=steps, learning_rate=peak, warmup_steps=warmup, schedule=schedule)
    rates = [learning_rate(training, step) for step in range(steps)]
    rising, falling = rates[:warmup], rates[warmup:]
    assert all(0 < rate <= peak * (1 + 1e-12) for rate in rates)
    assert rising == sorted(rising)
    assert falling == sorted(falling, reverse=True)
    assert not falling or falling[0] == peak
    assert steps < warmup or not rising or rising[-1] == pytest.approx(peak)


def test_a_run_uses_the_learning_rate_that_it_records(few):
    config = tiny(momentum=0, weight_decay=0, norm="none", schedule="cosine", learning_rate=0.5)
    state = initial_state(config)
    for record in train(config, state, few):
        assert record.learning_rate == learning_rate(config.training, record.step)
        assert [group["lr"] for group in state.optimizer.param_groups] == [record.learning_rate]


# Records.


def test_a_record_follows_each_update_and_the_state_agrees_with_it(few):
    state, seconds = initial_state(tiny()), 0.0
    for step, record in enumerate(train(tiny(), state, few)):
        assert record.step == step == state.step - 1
        assert record.seconds == state.seconds > seconds
        seconds = record.seconds
    assert step == 4


def test_nothing_is_trained_before_the_first_record_is_asked_for(few):
    state = initial_state(tiny())
    before = {name: value.clone() for name, value in state.model.state_dict().items()}
    train(tiny(), state, few)
    assert state.step == 0
    assert all(torch.equal(value, before[name]) for name, value in state.model.state_dict().items())


def test_a_run_whose_steps_are_done_yields_nothing_more(few):
    state = initial_state(tiny())
    assert len(list(train(tiny(), state, few))) == 5
    assert list(train(tiny(), state, few)) == []


def test_step_0_is_measured_in_the_initial_state(few):
    config = tiny(batch=16)
    record = next(train(config, images=few))
    images, labels = few.batch(config.data, config.seed, 0, 16)
    logits = initial_state(config).model(few.normalize(images)).detach()
    assert record.loss == nn.functional.cross_entropy(logits, labels).item()
    assert record.accuracy == np.float32((logits.argmax(1) == labels).numpy().mean())


def test_the_pictures_of_a_record_are_those_the_network_saw(few):
    config = tiny(batch=16, probe_pictures=2, augment=True)
    records = list(train(config, images=few))
    assert [record.pictures is not None for record in records] == [True, False, True, False, True]
    for record in records[::2]:
        images, labels = few.batch(config.data, config.seed, record.step, 16)
        assert np.array_equal(record.pictures.images, images[:12].permute(0, 2, 3, 1))
        assert np.array_equal(record.pictures.labels, labels[:12])
        assert record.pictures.images.dtype == np.uint8
    logits = initial_state(config).model(few.normalize(few.batch(config.data, 0, 0, 16)[0]))
    assert np.array_equal(records[0].pictures.predictions, logits.argmax(1)[:12])


def test_every_arm_sees_the_same_pictures_in_the_same_order(few):
    arms = [
        tiny(**arm, probe_pictures=1, augment=True)
        for arm in (
            {"skip": "none"},
            {"depth": 14},
            {"norm": "none"},
            {"shortcut": "B"},
            {"learning_rate": 1},
        )
    ]
    first, *others = [[r.pictures for r in train(config, images=few)] for config in arms]
    for other in others:
        for one, same in zip(first, other, strict=True):
            assert np.array_equal(one.images, same.images)
            assert np.array_equal(one.labels, same.labels)


def test_a_small_network_learns(few):
    config = tiny(width=4, steps=60, batch=32, learning_rate=0.1, probe_activations=0)
    losses = [record.loss for record in train(config, images=few)]
    assert np.mean(losses[-10:]) < np.mean(losses[:5]) - 0.5


# Evaluation.


def accuracy_and_loss_by_hand(model: nn.Module, few, count: int) -> tuple[float, float]:
    """One test picture after the other."""
    correct, losses = 0, []
    for image, label in zip(few.test_images[:count], few.test_labels[:count], strict=True):
        with torch.no_grad():
            logits = model.eval()(few.normalize(image[None])).double()[0]
        correct += int(logits.argmax() == label)
        losses.append(-float(logits[label] - logits.logsumexp(0)))
    return correct / count, sum(losses) / count


@pytest.mark.parametrize("size", [1, 7, 250])
def test_evaluation_is_a_loop_over_test_pictures_whatever_goes_at_once(few, size):
    state = initial_state(tiny())
    list(train(tiny(), state, few))
    found = evaluate(state.model, few, limit=30, size=size)
    accuracy, loss = accuracy_and_loss_by_hand(state.model, few, 30)
    assert found.images == 30
    assert found.accuracy == accuracy
    assert found.loss == pytest.approx(loss, rel=1e-5)


@pytest.mark.parametrize(("limit", "images"), [(1, 1), (59, 59), (60, 60), (100_000, 60), (None, 60)])
def test_evaluation_takes_the_first_pictures_up_to_its_limit(few, limit, images):
    assert evaluate(initial_state(tiny()).model, few, limit).images == images


@pytest.mark.parametrize("is_training", [True, False])
def test_evaluation_leaves_the_network_as_it_was(few, is_training):
    state = initial_state(tiny())
    list(train(tiny(), state, few))
    state.model.train(is_training)
    before = {name: value.clone() for name, value in state.model.state_dict().items()}
    gradients = [parameter.grad.clone() for parameter in state.model.parameters()]
    evaluate(state.model, few, 10)
    assert all(module.training == is_training for module in state.model.modules())
    assert all(torch.equal(value, before[name]) for name, value in state.model.state_dict().items())
    assert all(torch.equal(p.grad, g) for p, g in zip(state.model.parameters(), gradients, strict=True))


def test_in_between_a_few_test_pictures_and_at_the_end_all(few):
    config = tiny(steps=7, eval_every=3, eval_images=20)
    found = [record.evaluation for record in train(config, images=few)]
    assert [e.images if e else None for e in found] == [None, None, 20, None, None, 20, 60]


def test_evaluations_do_not_change_the_run(few):
    often, never = (list(train(tiny(eval_every=e), images=few)) for e in (1, 100))
    assert [record.loss for record in often] == [record.loss for record in never]


def test_a_batch_of_one_picture_and_a_run_of_one_step_are_possible(few):
    (record,) = train(tiny(batch=1, steps=1), images=few)
    assert math.isfinite(record.loss)
    assert record.accuracy in (0.0, 1.0)
