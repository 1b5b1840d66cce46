"""The pointing game: what is a hit, how sure a rate is, and that a trained network's maps find the thing."""

import numpy as np
import pytest
import torch

from resnet_core.saliency.pointing_scores import joined, scores, standard_error, towards_centre, wilson

# the rules, by hand

MASK = torch.tensor([[[1, 1, 0], [1, 0, 0], [0, 0, 0]]], dtype=torch.bool)


def score(rows: list[list[float]]) -> tuple[bool, float, bool]:
    found = scores(torch.tensor([rows]), MASK)
    return bool(found.is_hit[0]), float(found.overlaps[0]), bool(found.has_evidence[0])


def test_a_hit_has_its_highest_point_on_the_thing():
    assert score([[9, 8, 1], [7, 0, 0], [0, 0, 0]]) == (True, 1, True)
    assert score([[9, 1, 8], [0, 7, 0], [0, 0, 0]]) == (True, pytest.approx(1 / 3), True)
    assert score([[8, 7, 0], [0, 9, 0], [0, 0, 0]]) == (False, pytest.approx(2 / 3), True)
    assert score([[-1, 1e-9, -5], [-3, -9, -9], [-9, -9, -9]]) == (True, 1, True)


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
    whole = scores(maps, masks)
    in_two = joined([scores(maps[:4], masks[:4]), scores(maps[4:], masks[4:])])
    for one, other in zip(whole, in_two, strict=True):
        assert one.tolist() == other.tolist()
    for map, mask, is_hit, overlap in zip(maps, masks, whole.is_hit, whole.overlaps, strict=True):
        assert is_hit == bool(mask.flatten()[map.argmax()])
        highest = set(map.flatten().topk(int(mask.sum())).indices.tolist())
        assert overlap == len(highest & set(mask.flatten().nonzero()[:, 0].tolist())) / mask.sum()


def test_the_centre_is_one_of_the_middle_pixels():
    assert int(towards_centre(5).argmax()) == 12
    assert int(towards_centre(4).argmax()) == 5  # the first of four
    assert towards_centre(16).min() > 0


def test_intervals_are_wilsons():
    # (p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n) with p = 0.8, n = 10, z = 1.96
    z, p, n = 1.959964, 0.8, 10
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    by_hand = [(p + z**2 / (2 * n) + sign * half) / (1 + z**2 / n) for sign in (-1, 1)]
    assert wilson(8, 10) == pytest.approx(by_hand, abs=1e-6)
    assert wilson(0, 20)[0] == pytest.approx(0, abs=1e-12)


def test_the_standard_error_of_a_mean():
    assert standard_error(np.array([0.0, 1.0])) == pytest.approx(0.5)  # 0.7071 / sqrt(2)
