"""The Gradients page with answers from a test: every part opens, says its numbers, and moves when pressed."""

import numpy as np
import pytest

from app.diagram.choice import network_of
from app.views.instruments.motion_formulas import backward_formula, delta_formula, forward_formula, number
from app.views.instruments.path_lengths import most_of
from app.views.instruments.sentences import first_and_last
from app.views.instruments.slow_motion import Spot, spot_at
from tests.app.answers import answer_with
from tests.app.gradient_findings import motion, prepared, profile
from tests.app.pages import drawn, opened, press, texts

NETWORKS = {"first": "none-8~width:2@fashion-mnist-16", "second": "identity-8~width:2@fashion-mnist-16"}
PARTS = ("profile", "families", "two-paths", "slow-motion", "path-lengths", "shattered", "updates")


def page_of(show: str, monkeypatch, prepare=prepared):
    analysts = answer_with(monkeypatch, prepare)
    return opened("gradients", show=show, **NETWORKS), analysts


@pytest.mark.parametrize("show", PARTS)
def test_a_part_opens_before_anything_is_known(root, monkeypatch, show):
    page, _ = page_of(show, monkeypatch, lambda question: None)
    assert not page.error


@pytest.mark.parametrize(
    ("show", "said"),
    [
        (
            "profile",
            "gradient at the first layer (conv1): 4.0 times that at the last (layer3.0.conv2)",
        ),
        ("two-paths", "past its 3 blocks the shortcut brings 2.0 to 2.0 times (median 2.0)"),
        ("path-lengths", "lies in paths through 0 to 2 of 3 branches; the mean path has 1.5"),
        ("slow-motion", "ResNet-8, forward, unit 1 of 5: conv1"),
        ("shattered", "have a mean cosine of 0.50"),
        ("updates", "an untrained network has no updates"),
    ],
)
def test_a_part_says_what_was_found(root, monkeypatch, show, said):
    page, _ = page_of(show, monkeypatch)
    assert said in texts(page)


def test_one_network_with_skips_and_one_without_have_two_ways_and_one(root, monkeypatch):
    page, _ = page_of("two-paths", monkeypatch)
    assert "**plain-8**: there is one path only" in texts(page)
    assert "identity + branch = whole: largest relative error 3 · 10⁻⁷ (float32)" in texts(page)


def test_families_are_32_networks_with_the_first_ones_width_and_another_initialisation_at_one_click(
    root, monkeypatch
):
    page, analysts = page_of("families", monkeypatch)
    asked = {question.key: question.config.model for question in analysts.asked}
    assert len(asked) == 32
    assert {model.width for model in asked.values()} == {2}
    assert {model.depth for model in asked.values()} == {8, 14, 20, 32, 44, 56, 80, 110}
    assert {(model.skip, model.norm, model.init) for model in asked.values()} == {
        (skip, norm, "he") for skip in ("none", "identity") for norm in ("batch", "none")
    }
    analysts.asked.clear()
    switch(page, "families init", "pytorch")
    assert {question.config.model.init for question in analysts.asked} == {"pytorch"}


def test_the_profile_can_be_of_activations_and_per_number(root, monkeypatch):
    page, _ = page_of("profile", monkeypatch)
    switch(page, "profile where", "signals")
    switch(page, "profile measure", "each")
    assert "gradient per number at the first layer" in texts(page)


def test_slow_motion_goes_forward_then_back_and_stays_where_it_was(root, monkeypatch):
    page, _ = page_of("slow-motion", monkeypatch)
    assert page.button(key="slow motion Back").disabled
    press(page, "slow motion Next")
    assert "unit 2 of 5: layer1.0" in texts(page)
    press(page, "slow motion Last")
    assert "backward, unit 1 of 5: conv1" in texts(page)
    assert page.button(key="slow motion Next").disabled
    switch(page, "gradients instrument", "profile")
    switch(page, "gradients instrument", "slow-motion")
    assert "backward, unit 1 of 5: conv1" in texts(page)


@pytest.mark.parametrize(
    ("view", "said"),
    [("scalar", "1 layer 0.90, plain, 24 layers, BN 0.20, ResNet, 50 blocks, BN 0.60"),
     ("laws", "at depth 2: plain 0.25 (1/2^L: 0.25); residual 0.62 (")],
)  # fmt: skip
def test_shattered_gradients_have_two_other_views(root, monkeypatch, view, said):
    page, _ = page_of("shattered", monkeypatch)
    switch(page, "shattered view", view)
    assert said in texts(page)


def test_a_line_from_a_picture_to_itself_is_refused_in_a_sentence(root, monkeypatch):
    page, _ = page_of("shattered", monkeypatch)
    page.number_input(key="line to").set_value(0)
    drawn(page)
    assert [info.value for info in page.info] == ["A line needs two pictures: choose another one."]


def test_gradient_noise_is_compared_with_chance(root, monkeypatch):
    page, _ = page_of("updates", monkeypatch)
    switch(page, "updates view", "noise")
    assert "0.50 of the mean norm of each; with nothing in common it would be 0.25" in texts(page)


def test_updates_are_read_from_the_runs_own_numbers(filled, monkeypatch):
    answer_with(monkeypatch, lambda question: None)
    run = filled.runs()[0]
    page = opened("gradients", show="updates", first=run.id)
    assert "in step 0 weights moved by" in texts(page)


@pytest.mark.parametrize(
    ("gradients", "said"),
    [([0, 1, 1, 1], "(conv1): exactly 0; at the last (layer1.0.conv2): 1.0."),
     ([1, 1, 0, 1], "(conv1): 1.0; at the last (layer1.0.conv2): exactly 0."),
     ([np.nan, 1, 1, 1], "(conv1): not a number; at the last"), ([6, 1, 2, 1], "3.0 times that at the last")],
)  # fmt: skip
def test_a_ratio_that_is_none_is_said_in_words(gradients, said):
    found = profile(network_of("none-8").plan, np.array(gradients + [1.0] * 4))
    found = found._replace(layers=found.layers[:4], kinds=found.kinds[:4], depths=found.depths[:4])
    assert said in first_and_last(found, found.gradients)


def test_the_fewest_neighbouring_lengths_with_most_of_the_sum():
    # 0.5 + 9 + 0.4 of 10: the middle alone has 90 %
    assert most_of(np.arange(4), np.array([0.5, 9, 0.4, 0.1])) == (1, 1)
    assert most_of(np.arange(2), np.zeros(2)) is None
    assert most_of(np.arange(2), np.array([1, np.inf])) is None


def test_networks_of_unlike_lengths_walk_in_step():
    # 4 units beside 2: places 0 to 7, forward 0 to 3
    assert [spot_at(p, 7, 4) for p in (0, 3, 4, 7)] == [
        Spot(False, 0),
        Spot(False, 3),
        Spot(True, 3),
        Spot(True, 0),
    ]
    assert [spot_at(p, 7, 2).unit for p in range(8)] == [0, 0, 1, 1, 1, 1, 0, 0]


def test_formulas_say_what_the_unit_does_and_the_norms_of_the_step():
    plan = network_of("identity-8").plan
    found = motion(plan)
    assert forward_formula(plan.units[0]).endswith("F(x)")
    assert forward_formula(plan.units[1]) == r"y = \mathrm{relu}\left(x + F(x)\right)"
    assert forward_formula(plan.units[2]) == r"y = \mathrm{relu}\left(S(x) + F(x)\right)"
    backward = backward_formula(plan.units[1], found, 1)
    assert all(f"_{{{value}}}" in backward for value in ("0.021", "0.018", "0.009"))
    assert "+" not in backward_formula(plan.units[0], found, 0)
    assert r"\mathrm{relu}(z)" in delta_formula(plan.units[1], found, 1)
    assert "z" not in delta_formula(plan.units[-1], found, len(plan.units) - 1)
    assert [number(v) for v in (1e-7, np.inf, np.nan)] == [r"1 \cdot 10^{-7}", r"\infty", r"\text{NaN}"]


def switch(page, key: str, value: str):
    page.segmented_control(key=key).set_value(value)
    return drawn(page)
