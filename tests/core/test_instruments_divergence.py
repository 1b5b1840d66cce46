"""Networks that vanish or blow up are looked at like any other: NaN, infinity and 0 come back as they are.

40 drawn settings, each as it begins and after three steps of training.
"""

import random

import numpy as np
import pytest
import torch

from resnet_core.config import ModelConfig, RunConfig, from_flat
from resnet_core.findings import Finding
from resnet_core.instruments import _ANSWERS
from resnet_core.instruments.subject import Subject
from resnet_core.members import depth_rule
from resnet_core.questions import INSTRUMENTS
from resnet_core.train import initial_state, train
from tests.core.drawn_set import drawn_set
from tests.core.whole_runs import OFF

TINY = OFF | {
    "dataset": "shapes",
    "width": 2,
    "batch": 4,
    "steps": 3,
    "warmup_steps": 0,
    "eval_every": 9,
    "eval_images": 4,
}
FEW = {"samples": 1, "lengths": 2, "points": 8, "seeds": 1, "pictures": 2, "channels": 1}
FEW |= {
    "fit_images": 50,
    "test_images": 50,
    "values": 1,
    "places": 2,
    "shares": 3,
    "orders": 1,
    "chosen_on": 20,
}
WITHOUT_PLACES = {"method": "saliency"}  # class activation maps need feature maps
SEAMS = [
    {"skip": "none", "norm": "none"},
    {"skip": "none"},
    {"norm": "none", "order": "pre"},
    {"order": "post"},
    {"skip": "gated", "norm": "none"},
    {"skip": "scaled", "scale_on": "both", "block": "single"},
    {"norm": "none", "init": "fixup"},
    {"family": "mlp", "norm": "none"},
]
LOOKED_AT = [name for name, kind in INSTRUMENTS.items() if kind.needs_network and name in _ANSWERS]
SEES_ALL = ("profile", "slow-motion", "variance", "gradient-noise", "feature-maps")  # from end to end


@pytest.fixture(scope="module")
def few():
    """Pictures with masks, of which every instrument can say something."""
    return drawn_set(from_flat(TINY).data)


def drawn(number: int) -> RunConfig:
    """Depth 20 to 200, few of them deep; gain 0.1 to 10; learning rate 0.001 to 1000."""
    draw = random.Random(number)
    seam = SEAMS[number % len(SEAMS)]
    depth, gain, rate = 20 * 10 ** draw.random() ** 3, 10 ** draw.uniform(-1, 1), 10 ** draw.uniform(-3, 3)
    rule = depth_rule(ModelConfig.model_construct(**seam))
    numbers = {"depth": rule.closest(round(depth)), "gain": gain, "learning_rate": rate, "seed": number}
    return from_flat(TINY | seam | numbers)


def found_by(name: str, subject: Subject) -> Finding:
    kind = INSTRUMENTS[name].options
    chosen = FEW | (WITHOUT_PLACES if subject.config.model.family == "mlp" else {})
    chosen |= {"pictures": 20} if name == "pointing-game" else {}
    options = kind(**{field: value for field, value in chosen.items() if field in kind.model_fields})
    return _ANSWERS[name](subject, options, lambda share: None)


def has_nonfinite_number(found: Finding) -> bool:
    arrays = [np.asarray(value) for value in found if not isinstance(value, tuple)]
    arrays += [array for value in found if isinstance(value, tuple) for array in value]
    return any(not np.isfinite(array).all() for array in arrays if array.dtype.kind == "f")


@pytest.mark.parametrize("number", range(40))
def test_every_instrument_answers_whatever_the_numbers_are(few, number):
    # Warnings are errors, too. Each network meets one instrument before its training and one after it.
    config = drawn(number)
    state = initial_state(config)
    assert_answers(LOOKED_AT[2 * number % len(LOOKED_AT)], Subject(config, state.model.train(), few))
    list(train(config, state, few))
    name = LOOKED_AT[(2 * number + 1) % len(LOOKED_AT)]
    assert_answers(name, Subject(config, state.model.train(), few, state.step))


def assert_answers(name: str, subject: Subject) -> None:
    found = found_by(name, subject)
    assert type(found) is INSTRUMENTS[name].finding
    if name in SEES_ALL and not is_finite(subject):
        assert has_nonfinite_number(found)


def is_finite(subject: Subject) -> bool:
    with torch.no_grad():
        return bool(torch.isfinite(subject.network(subject.batch[0])).all())


def test_the_drawn_networks_are_deep_and_shallow_and_some_of_them_overflow(few):
    configs = [drawn(number) for number in range(40)]
    assert {config.digest() for config in configs} == {drawn(number).digest() for number in range(40)}
    depths = [config.model.depth for config in configs]
    assert min(depths) <= 26
    assert max(depths) >= 150
    finite = [is_finite(Subject(one, initial_state(one).model, few)) for one in configs[:3]]
    assert set(finite) == {True, False}


def test_what_vanishes_is_0_and_what_overflows_is_not_a_number_in_a_profile(few):
    # In float32 a signal that grows 10-fold in each of 86 layers is infinite, and one that shrinks so is 0.
    by_gain = {}
    for gain in (0.1, 10):
        flat = {"depth": 86, "skip": "none", "norm": "none", "gain": gain}
        config = from_flat(TINY | flat)
        by_gain[gain] = found_by("profile", Subject(config, initial_state(config).model.train(), few))
    assert np.isnan(by_gain[10].gradients).any()
    assert np.isinf(by_gain[10].signals).any() or np.isnan(by_gain[10].signals).any()
    assert not by_gain[0.1].gradients[:40].any()
    assert not by_gain[0.1].signals[60:85].any()
