"""What is found about where a network looks, as plain numbers: one type a question. No torch.

U = units that hand on feature maps with a place, C = channels of a picture, S = its side, h, w = height and
width of a unit's feature maps, K = classes. Maps are as large as what they are maps of, in units of the
logit, not rescaled: scaling is the figure's business. NaN stands for "there is none".
"""

from typing import NamedTuple

import numpy as np


class BlockMaps(NamedTuple):
    """Class activation maps of every unit, from one pass forward and one back (`saliency.block_maps`).

    Before the last ReLU of their method, so that evidence against the class is there too. A unit's output
    comes behind the ReLU after the addition; `parts` are those of the addition itself, by Grad-CAM.
    """

    units: np.ndarray  # (U,) str, in the order of the plan
    stages: np.ndarray  # (U,) str
    has_skip: np.ndarray  # (U,) bool
    methods: np.ndarray  # (M,) str, names of `BLOCK_METHODS`
    maps: tuple[np.ndarray, ...]  # one a unit: (M, h, w) of what it hands on
    parts: tuple[np.ndarray, ...]  # one a unit: (3, h, w) of shortcut, branch and sum; NaN without a skip
    picture: np.ndarray  # (C, S, S) uint8
    mask: np.ndarray  # (S, S) bool: where the thing is; (0, 0) where that is not known
    label: np.ndarray  # () of the picture; -1 where it has none
    target: np.ndarray  # () the class whose logit is explained
    logits: np.ndarray  # (K,)


class PixelMap(NamedTuple):
    """One method's map of the picture's own pixels (`saliency.pixel_maps`)."""

    method: np.ndarray  # () str, a name of `PIXEL_METHODS`
    map: np.ndarray  # (S, S), channels added up; `saliency` has the largest absolute value of them
    is_signed: np.ndarray  # () bool: below 0 is evidence against the class
    delta: np.ndarray  # () sum of the map - (logit - logit of the baseline); NaN where it is no such method
    unit: np.ndarray  # () str: the unit that the method looks at; empty where it looks at none
    picture: np.ndarray  # (C, S, S) uint8
    mask: np.ndarray  # (S, S) bool, or (0, 0)
    label: np.ndarray  # ()
    target: np.ndarray  # ()
    logits: np.ndarray  # (K,)


class Randomized(NamedTuple):
    """A map while weights are replaced by random ones from the top down (`saliency.randomization`).

    P = places, the first of which is the network as it is, the last has nothing left of it.
    """

    method: np.ndarray  # () str
    unit: np.ndarray  # () str: the unit whose map it is, else empty
    units: np.ndarray  # (P,) str: the lowest unit that is random; the first is empty
    counts: np.ndarray  # (P,) how many units are random
    maps: np.ndarray  # (P, h, w)
    signed_rank: np.ndarray  # (P,) Spearman's correlation with the first map; NaN where one is constant
    absolute_rank: np.ndarray  # (P,) the same of absolute values
    similarity: np.ndarray  # (P,) SSIM of absolute values, each map scaled by its own largest; NaN as above
    probabilities: np.ndarray  # (P,) of the explained class
    picture: np.ndarray  # (C, S, S) uint8
    label: np.ndarray  # ()
    target: np.ndarray  # ()
    logits: np.ndarray  # (K,) of the network as it is
    seed: np.ndarray  # () of the random weights


class Perturbed(NamedTuple):
    """The probability of the class while salient pixels go, or come, first (`saliency.perturbation`).

    F = shares of the pixels, R = random orders, the control.
    """

    method: np.ndarray  # () str
    unit: np.ndarray  # () str
    shares: np.ndarray  # (F,) of the pixels that are gone, or there; from 0 to 1
    deletion: np.ndarray  # (F,) probability while they are replaced by the mean colour
    insertion: np.ndarray  # (F,) probability while they come back into the blurred picture
    random_deletion: np.ndarray  # (R, F)
    random_insertion: np.ndarray  # (R, F)
    deletion_area: np.ndarray  # () under the curve, by trapezia
    insertion_area: np.ndarray  # ()
    random_deletion_areas: np.ndarray  # (R,)
    random_insertion_areas: np.ndarray  # (R,)
    map: np.ndarray  # (S, S) that orders the pixels
    picture: np.ndarray  # (C, S, S) uint8
    label: np.ndarray  # ()
    target: np.ndarray  # ()
    logits: np.ndarray  # (K,) of the whole picture


class PointingGame(NamedTuple):
    """How often a map's highest point lies on the thing, and how far they overlap (`saliency.pointing`).

    On it: on its mask, with no tolerance. Its outline is the convex hull of the mask, with the middle of a
    ring, where a coarse map of a ring points. G = methods, controls among them. The unit of a class
    activation map is the one that pointed best at *other* pictures. Intervals are Wilson's, 95 %.
    """

    methods: np.ndarray  # (G,) str: names of methods, then "random pixel" and "centre"
    unit_of: np.ndarray  # (G,) str: the unit of its maps, else empty
    hits: np.ndarray  # (G,) pictures
    rates: np.ndarray  # (G,) hits / pictures
    lows: np.ndarray  # (G,)
    highs: np.ndarray  # (G,)
    outline_rates: np.ndarray  # (G,) the rate of highest points in the outline: hits, and those in a hollow
    overlaps: np.ndarray  # (G,) mean share of the mask among as many highest pixels as the mask has
    overlap_errors: np.ndarray  # (G,) standard error of that mean
    without_evidence: np.ndarray  # (G,) pictures whose map is nowhere positive: a miss
    units: np.ndarray  # (U,) str
    unit_rates: np.ndarray  # (U,) of Grad-CAM at each unit, on the same pictures as the rest
    unit_lows: np.ndarray  # (U,)
    unit_highs: np.ndarray  # (U,)
    unit_outline_rates: np.ndarray  # (U,)
    chosen_on: np.ndarray  # () pictures on which units were chosen
    pictures: np.ndarray  # () pictures of the game
    accuracy: np.ndarray  # () of the network on them
    mask_share: np.ndarray  # () mean share of the pixels that belong to the thing


class Gallery(NamedTuple):
    """Test pictures and what the network says of them (`saliency.gallery`). N = pictures."""

    numbers: np.ndarray  # (N,) of the test pictures
    pictures: np.ndarray  # (N, C, S, S) uint8
    labels: np.ndarray  # (N,)
    predicted: np.ndarray  # (N,)
    confidences: np.ndarray  # (N,) probability of what is predicted
    label_probabilities: np.ndarray  # (N,)


class Upload(NamedTuple):
    """A visitor's picture, upright and without anything but its pixels (`uploads.decoded`)."""

    pixels: np.ndarray  # (H, W, 3) uint8, the longer side at most 512
    format: np.ndarray  # () str such as JPEG
    size: np.ndarray  # (2,) width and height in the file, after it was turned upright


class ImageNetMaps(NamedTuple):
    """Class activation maps of a network of torchvision's (`saliency.imagenet`). T = 1 or 2 classes."""

    network: np.ndarray  # () str such as resnet50
    units: np.ndarray  # (U,) str: modules such as layer1.0
    stages: np.ndarray  # (U,) str
    methods: np.ndarray  # (M,) str
    maps: tuple[np.ndarray, ...]  # one a unit: (T, M, h, w), before the last ReLU
    targets: np.ndarray  # (T,)
    picture: np.ndarray  # (3, 224, 224) uint8, as the network sees it
    logits: np.ndarray  # (1000,)
    classes: np.ndarray  # (1000,) str
    is_trained: np.ndarray  # () bool: with published weights; else random ones
