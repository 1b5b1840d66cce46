"""Questions about networks of the instrument's own: the same whatever run or settings are looked at."""

import pytest

from resnet_core.config import from_flat
from resnet_core.instruments import _ANSWERS, _ANSWERS_WITHOUT_NETWORK
from resnet_core.questions import INSTRUMENTS, question, question_from_json

ALONE = [name for name, kind in INSTRUMENTS.items() if not kind.needs_network]


@pytest.mark.parametrize("name", ALONE)
def test_settings_run_and_step_are_no_part_of_the_question(name):
    plain = question(name, from_flat({}))
    other = question(name, from_flat({"depth": 20, "seed": 7}), run_id="some-run", step=30)
    assert other == plain
    assert other.key == plain.key
    assert question_from_json(other.to_json()) == plain


@pytest.mark.parametrize("name", ALONE)
def test_options_are(name):
    pictures = [{"picture": f"file:{letter * 64}"} for letter in "ab"]
    chosen = {"upload": pictures, "imagenet-maps": pictures}.get(name, [{"seeds": 1}, {"seeds": 2}])
    assert len({question(name, from_flat({}), options=options).key for options in chosen}) == 2


def test_a_question_about_a_network_depends_on_it():
    keys = {question("shattered", from_flat({"depth": depth})).key for depth in (8, 14)}
    assert len(keys) == 2


def test_each_instrument_without_network_is_answered_and_none_twice():
    assert set(_ANSWERS_WITHOUT_NETWORK) == set(ALONE)
    assert not set(_ANSWERS) & set(ALONE)
