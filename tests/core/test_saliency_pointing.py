"""The pointing game: what is a hit, how sure a rate is, and that a trained network's maps find the thing."""

from typing import NamedTuple

import numpy as np
import pytest
import torch
from skimage.morphology import convex_hull_image

from resnet_core.attribution import grad_cam, placed_units, upsampled
from resnet_core.config import RunConfig, from_flat
from resnet_core.data.shapes import shapes
from resnet_core.instruments.settled import settled
from resnet_core.instruments.subject import Subject, subject_of
from resnet_core.options import BLOCK_METHODS
from resnet_core.saliency.pointing import best_units, cam_scores, drawn_game, pointing_game
from resnet_core.saliency.pointing_scores import (
    control_rows,
    joined,
    outlined,
    scores,
    standard_error,
    towards_centre,
    wilson,
)
from resnet_core.train import initial_state, train
from tests.core.drawn_set import drawn_set
from tests.core.whole_runs import OFF

# the rules, by hand

MASK = torch.tensor([[[1, 1, 0], [1, 0, 0], [0, 0, 0]]], dtype=torch.bool)


def score(rows: list[list[float]]) -> tuple[bool, float, bool]:
    found = scores(torch.tensor([rows]), MASK, outlined(MASK))
    return bool(found.is_hit[0]), float(found.overlaps[0]), bool(found.has_evidence[0])


def test_a_hit_has_its_highest_point_on_the_thing():
    assert score([[9, 8, 1], [7, 0, 0], [0, 0, 0]]) == (True, 1, True)
    assert score([[9, 1, 8], [0, 7, 0], [0, 0, 0]]) == (True, pytest.approx(1 / 3), True)
    assert score([[8, 7, 0], [0, 9, 0], [0, 0, 0]]) == (False, pytest.approx(2 / 3), True)
    assert score([[-1, 1e-9, -5], [-3, -9, -9], [-9, -9, -9]]) == (True, 1, True)


def test_the_hollow_of_a_ring_is_in_its_outline_but_not_on_its_mask():
    ring = torch.tensor([[[1, 1, 1, 0], [1, 0, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]]], dtype=torch.bool)
    assert outlined(ring)[0].int().tolist() == [[1, 1, 1, 0], [1, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]]
    maps = torch.zeros(1, 4, 4)
    maps[0, 1, 1] = 1
    found = scores(maps, ring, outlined(ring))
    assert (bool(found.is_hit[0]), bool(found.is_in_outline[0])) == (False, True)
    maps[0, 1, 3] = 2
    assert not scores(maps, ring, outlined(ring)).is_in_outline[0]


@pytest.mark.parametrize(("side", "larger"), [(16, 0), (64, 0.02)])
def test_outlines_are_convex_hulls(side, larger):
    masks = shapes(np.arange(30), side).masks
    expected = np.stack([convex_hull_image(mask, offset_coordinates=False) for mask in masks])
    found = outlined(torch.from_numpy(masks)).numpy()
    assert found[expected].all()
    assert found.sum() <= (1 + larger) * expected.sum()


def test_of_equally_high_points_the_one_that_is_read_first_counts():
    assert score([[0, 0, 5], [5, 0, 0], [0, 0, 0]])[0] is False
    assert score([[0, 5, 5], [0, 0, 0], [0, 0, 0]])[0] is True


def test_a_map_that_is_nowhere_positive_points_nowhere():
    assert score([[0, 0, 0], [0, 0, 0], [0, 0, 0]]) == (False, 0, False)
    assert score([[-1, -2, -2], [-1, -2, -2], [-3, -3, -3]]) == (False, 0, False)


def test_a_map_that_is_not_finite_points_nowhere():
    assert score([[np.nan, 1, 0], [0, 0, 0], [0, 0, 0]]) == (False, 0, False)
    assert score([[np.inf, 1, 0], [0, 0, 0], [0, 0, 0]]) == (False, 0, False)


def test_pictures_in_several_passes_score_as_in_one():
    draw = torch.Generator().manual_seed(0)
    maps, masks = torch.randn(6, 5, 5, generator=draw), torch.rand(6, 5, 5, generator=draw) < 0.3
    outlines = outlined(masks)
    whole = scores(maps, masks, outlines)
    parts = [scores(maps[part], masks[part], outlines[part]) for part in (slice(0, 4), slice(4, 6))]
    for one, other in zip(whole, joined(parts), strict=True):
        assert one.tolist() == other.tolist()
    for map, mask, outline, *found in zip(maps, masks, outlines, *whole, strict=True):
        highest = map.flatten().topk(int(mask.sum())).indices
        overlap = pytest.approx(float(mask.flatten()[highest].sum() / mask.sum()))
        assert found == [mask.flatten()[map.argmax()], outline.flatten()[map.argmax()], overlap, True]


def test_the_centre_is_one_of_the_middle_pixels():
    assert int(towards_centre(5).argmax()) == 12
    assert int(towards_centre(4).argmax()) == 5  # the first of four
    assert towards_centre(16).min() > 0


def test_a_random_pixel_has_its_expected_rate_and_no_interval():
    random, centre = control_rows(MASK.expand(4, 3, 3), torch.ones(4, 3, 3, dtype=torch.bool))
    assert (random.hits, random.rates) == pytest.approx((4 / 3, 1 / 3))  # 3 of 9 pixels
    assert (random.outline_rates, random.overlaps) == (1, random.rates)
    assert np.isnan([random.lows, random.highs, random.overlap_errors]).all()
    assert (centre.hits, centre.rates, centre.outline_rates) == (0, 0, 1)
    assert centre.overlaps == pytest.approx(2 / 3)


def test_intervals_are_wilsons():
    # (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n) with p = 0.8, n = 10, z = 1.96
    z, p, n = 1.959964, 0.8, 10
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    by_hand = [(p + z**2 / (2 * n) + sign * half) / (1 + z**2 / n) for sign in (-1, 1)]
    assert wilson(8, 10) == pytest.approx(by_hand, abs=1e-6)
    assert wilson(0, 20)[0] == pytest.approx(0, abs=1e-12)


def test_the_standard_error_of_a_mean():
    assert standard_error(np.array([0.0, 1.0])) == pytest.approx(0.5)  # 0.7071 / sqrt(2)


# networks that play


def config_of(**settings) -> RunConfig:
    return from_flat(OFF | {"dataset": "shapes", "eval_every": 1000} | settings)


LAST_STAGE = (7, 8, 9)  # the units of it in ResNet-20


class Played(NamedTuple):
    """Grad-CAM of one network: the unit chosen on 100 training pictures, rates on 200 test pictures."""

    best: int
    rates: np.ndarray  # (units,)
    chance: float  # the rate of random pixels


def played(subject: Subject) -> Played:
    network = settled(subject.network, subject.batch[0])
    game, units = drawn_game(subject, 200), placed_units(network)
    best = best_units(network, drawn_game(subject, 100, is_training=True), ["grad-cam"])["grad-cam"]
    found = cam_scores(network, game, [("grad-cam", unit) for unit in units])
    rates = np.array([found["grad-cam", unit].is_hit.mean() for unit in units])
    return Played(best, rates, float(game.masks.double().mean()))


@pytest.fixture(scope="module")
def games() -> tuple[Played, Played]:
    """Of ResNet-20 on 32 pixels as it begins, and after 100 steps."""
    config = config_of(depth=20, width=8, batch=64, steps=100, side=32)
    images, state = drawn_set(config.data, 4000), initial_state(config)
    before = played(Subject(config, state.model.train(), images))
    list(train(config, state, images))
    return before, played(Subject(config, state.model.train(), images, state.step))


def test_grad_cam_of_a_trained_network_points_at_the_shape(games):
    untrained, trained = games
    # Seeds 0, 1, 2: 0.90, 0.94, 0.96 at the best unit; in the last stage at least 0.68, 0.39, 0.48 more.
    assert trained.rates[trained.best] >= 0.8
    for unit in LAST_STAGE:
        assert trained.rates[unit] - untrained.rates[unit] >= 0.3


def test_early_units_of_an_untrained_network_point_at_what_stands_out_and_its_last_stage_does_not(games):
    untrained, _ = games
    assert untrained.best <= 3  # the stem or the first stage
    assert untrained.rates[untrained.best] > untrained.chance + 0.3
    # Seeds 0, 1, 2: within 0.11. Not so with 3 and 4, which are up to 0.27 above, but below the centre's 0.5.
    for unit in LAST_STAGE:
        assert abs(untrained.rates[unit] - untrained.chance) < 0.15


@pytest.fixture(scope="module")
def small() -> Subject:
    config = config_of(depth=8, width=2, batch=8)
    return subject_of(config, images=drawn_set(config.data, 40, 40))


def test_hits_at_each_unit_are_those_of_its_maps(small):
    network = settled(small.network, small.batch[0])
    game = drawn_game(small, 20)
    found = pointing_game(small, 20, 20)
    known = zip(found.unit_rates, found.unit_outline_rates, strict=True)
    for unit, rates in zip(placed_units(network), known, strict=True):
        maps = grad_cam(network, network.units[unit], game.images, game.labels, relu=False)
        maps = upsampled(maps, game.images)
        hits = [
            [map.max() > 0 and one.flatten()[map.argmax()] for map, one in zip(maps, truth, strict=True)]
            for truth in (game.masks, game.outlines)
        ]
        assert rates == tuple(np.mean(hits, axis=1))
    assert found.units.tolist() == ["conv1", "layer1.0", "layer2.0", "layer3.0"]
    assert found.unit_rates[found.units == found.unit_of[0]] == found.rates[0]


def test_each_line_of_the_table_is_that_of_a_method(small):
    found = pointing_game(small, 20, 20)
    assert [len(column) for column in found[:10]] == 10 * [15]
    assert (found.rates * 20).tolist() == pytest.approx(found.hits.tolist())
    assert (found.rates <= found.outline_rates).all()
    is_exact = found.methods == "random pixel"
    assert np.isnan(found.lows).tolist() == np.isnan(found.highs).tolist() == is_exact.tolist()
    looks_at_one = {str(method) for method, unit in zip(found.methods, found.unit_of, strict=True) if unit}
    assert looks_at_one == {*BLOCK_METHODS, "guided-grad-cam"}
    assert [found.pictures, found.chosen_on] == [20, 20]
    assert found.mask_share == found.rates[-2] < found.outline_rates[-2]


def test_progress_goes_up_to_the_end(small):
    told = []
    pointing_game(small, 20, 20, told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)


def test_a_network_without_places_plays_with_what_it_has():
    config = config_of(family="mlp", depth=6, width=4, batch=8)
    found = pointing_game(subject_of(config, images=drawn_set(config.data, 40, 40)), 20, 20)
    assert len(found.units) == 0
    assert found.methods.tolist() == [
        "saliency", "smooth-grad", "integrated-gradients", "guided-backprop", "deep-lift", "occlusion",
        "random pixel", "centre",
    ]  # fmt: skip


def test_a_set_without_masks_is_refused(few):
    config = from_flat({"depth": 8, "width": 2})
    with pytest.raises(ValueError, match="the pointing game needs masks; Fashion-MNIST, 12k has none"):
        pointing_game(subject_of(config, images=few), 20, 20)
