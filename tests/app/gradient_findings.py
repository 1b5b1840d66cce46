"""Findings of the Gradients page of a few known numbers, for any small network."""

import numpy as np

from app.diagram.choice import network_of, text_of
from resnet_core import findings
from resnet_core.questions import Question

PLACES = np.linspace(0, 1, 8)


def prepared(question: Question) -> findings.Finding:
    """The answer to any question of the page."""
    return _ANSWERS[question.instrument](network_of(text_of(question.config)).plan)


def profile(plan, gradients=None) -> findings.Profile:
    layers = [op.name for op in plan.ops if op.kind in ("conv", "linear")]
    ones = np.ones(len(layers))
    gradients = np.arange(len(layers), 0, -1.0) if gradients is None else np.array(gradients)
    kinds = np.array(["linear" if name == "fc" else "conv" for name in layers])
    return findings.Profile(
        np.array(layers), kinds, np.arange(1, len(layers) + 1), gradients, 2 * ones, 4 * ones,
        3 * gradients, ones, 9 * ones, np.float64(2.3),
    )  # fmt: skip


def two_paths(plan) -> findings.TwoPaths:
    blocks = np.array([unit.name for unit in plan.skip_units])
    ones = np.ones(len(blocks))
    return findings.TwoPaths(
        blocks, 1 + 2 * np.arange(1, len(blocks) + 1), ones.astype(bool), 4 * ones, 2 * ones, 5 * ones,
        0.25 * ones, 3e-7 * ones,
    )  # fmt: skip


def motion(plan) -> findings.Motion:
    names = np.array([unit.name or next(unit.ops).name for unit in plan.units])
    skips = np.array([unit.has_skip for unit in plan.units])
    ones, nowhere = np.ones(len(names)), np.where(skips, 1.0, np.nan)
    return findings.Motion(
        units=names, stages=np.array([unit.stage for unit in plan.units]), has_skip=skips,
        inputs=12.3 * ones, shortcuts=12.3 * nowhere, branches=4.5 * ones, outputs=13.1 * ones,
        gradients_out=0.02 * ones, through_shortcut=0.018 * nowhere, through_branch=0.009 * ones,
        cosines=0.3 * nowhere, gradients_in=0.021 * ones, weight_layers=np.array(["conv1", "fc"]),
        weight_gradients=np.array([0.5, 0.25]), weight_units=np.array([0, len(names) - 1]),
        loss=np.float64(2.3),
    )  # fmt: skip


def path_lengths(plan) -> findings.PathLengths:
    # Three blocks: 1, 3, 3, 1 paths; 8 of the sum of 11 lies in lengths 1 and 2, 10.5 in 0 to 2.
    return findings.PathLengths(
        np.arange(4), np.array([1.0, 3, 3, 1]), np.array([2.5, 2, 1, 0.5]), np.array([2.5, 5, 3, 0.5]),
        np.array([1, 3, 3, 1]), np.int64(3), np.float64(9.0), np.float64(3e-7),
    )  # fmt: skip


def shattered(plan) -> findings.Shattered:
    pictures = tuple(np.full((1, 4, 4), grey, np.uint8) for grey in (0, 255))
    return findings.Shattered(
        PLACES, PLACES, np.array([3.0, -4] * 4), np.ones(8), np.eye(8), np.arange(1, 8), np.zeros(7) + 0.5,
        np.int64(0), np.array([0, 1]), pictures,
    )  # fmt: skip


def scalar_nets(plan) -> findings.ScalarNets:
    names = np.array(["plain", "plain, centred", "plain, BN", "ResNet, BN, beta = 0.1"])
    rows = np.ones((4, 10))
    return findings.ScalarNets(
        names, np.array([1, 24, 24, 50]), np.linspace(-2, 2, 10), rows, rows, np.arange(1, 11),
        rows * np.array([[0.9], [0.1], [0.2], [0.6]]), 0.1 * rows, np.int64(4),
    )  # fmt: skip


def correlation_laws(plan) -> findings.CorrelationLaws:
    names = np.array(["plain, BN", "residual, BN"])
    rows = np.array([[0.5, 0.25], [0.75, 0.625]])
    corrected = np.array([[np.nan, np.nan], [0.75, 0.6]])
    return findings.CorrelationLaws(
        names, np.array([1, 2]), rows, 0.1 * rows, rows, corrected, np.array(["1/2^L", "about 1/sqrt(L)"]),
        np.int64(4),
    )  # fmt: skip


def gradient_noise(plan) -> findings.GradientNoise:
    found = profile(plan)
    ones = np.ones(len(found.layers))
    return findings.GradientNoise(
        found.layers, found.depths, ones, 2 * ones, 0.5 * ones, np.float64(0.5), np.int64(16)
    )


_ANSWERS = {
    "profile": profile, "two-paths": two_paths, "slow-motion": motion, "path-lengths": path_lengths,
    "shattered": shattered, "scalar-nets": scalar_nets, "correlation-laws": correlation_laws,
    "gradient-noise": gradient_noise,
}  # fmt: skip
