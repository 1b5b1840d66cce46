"""Findings about the signal of any network, made up: the right names and shapes, and numbers easy to find."""

import numpy as np

from app.views.instruments.units import units_of
from resnet_core.cost import plan_of_run
from resnet_core.findings import Blocks, FeatureMaps, Finding, Readout, SingularValues, Variance
from resnet_core.questions import Question


def signal_finding(question: Question) -> Finding:
    """Of `question`; number i of anything is about unit i."""
    return _MADE[question.instrument](question)


def _units(question: Question):
    return units_of(plan_of_run(question.config))


def _variance(question: Question) -> Variance:
    places = _units(question)[:-1]
    count = len(places)
    has_skip = np.array([place.has_skip for place in places])
    return Variance(
        places=np.array([place.title for place in places]),
        depths=np.array([place.depth for place in places]),
        variances=2.0 ** np.arange(count),
        branch_variances=np.where(has_skip, 0.5, np.nan),
        law=2.0 ** np.arange(count) / 2 if question.config.model.norm == "none" else np.full(count, np.nan),
        law_name=np.array("2^l" if question.config.model.norm == "none" else ""),
        law_about=np.array("No law is known here."),
    )


def _blocks(question: Question) -> Blocks:
    places = [place for place in _units(question) if place.has_skip]
    count = len(places)
    ratios = 1.0 / np.arange(1, count + 1)
    cosines = np.full(count, -0.1)
    cosines[1:2] = np.nan
    return Blocks(
        blocks=np.array([place.name for place in places], dtype=str),
        depths=np.array([place.depth for place in places], dtype=int),
        ratios=ratios, cosines=cosines, shortcut_shares=1 / (1 + ratios), gains=np.ones(count),
        alphas=np.full(count, np.nan), gamma_lows=np.full(count, 0.5), gamma_highs=np.full(count, 1.5),
        gamma_sizes=np.ones(count),
    )  # fmt: skip


def _feature_maps(question: Question) -> FeatureMaps:
    places, classes = _units(question), len(question.config.data.info.classes)
    count = len(places)
    maps = [np.full((2, 4, 4), float(i), np.float32) for i in range(count - 1)]
    return FeatureMaps(
        units=np.array([place.name for place in places]),
        stages=np.array([place.stage for place in places]),
        maps=(*maps, np.arange(classes, dtype=np.float32)[:, None, None]),
        picture=np.zeros((question.config.data.info.channels, 16, 16), np.uint8),
        label=np.int64(classes - 1),
        logits=np.arange(classes, dtype=np.float32),
        bins=np.tile(np.linspace(0, 1, 33), (count, 1)),
        counts=np.ones((count, 32), int),
        values=np.full(count, 64), zeros=np.full(count, 32), nans=np.zeros(count, int),
        infinities=np.zeros(count, int), dead=np.ones(count, int), channels=np.full(count, 2),
    )  # fmt: skip


def _read_out(question: Question) -> Readout:
    places, classes = _units(question)[:-1], len(question.config.data.info.classes)
    count = len(places)
    logits = np.tile(np.arange(classes) / classes, (count, 1))
    head = np.full(count, np.nan)
    head[-1] = 0.75
    return Readout(
        units=np.array([place.name for place in places]),
        stages=np.array([place.stage for place in places]),
        fitted_accuracy=np.linspace(0.25, 0.5, count),
        head_accuracy=head, fitted_logits=logits,
        head_logits=np.where(np.isnan(head)[:, None], np.nan, logits),
        label=np.int64(classes - 1), picture=np.zeros((1, 16, 16), np.uint8), fitted_on=np.int64(1000),
        tested_on=np.int64(500), chance=np.float64(0.125), ridge=np.float64(1e-3),
    )  # fmt: skip


def _singular_values(question: Question) -> SingularValues:
    place = next(place for place in _units(question) if place.name == question.options.block)
    return SingularValues(
        block=np.array(place.name), values=np.array([4.0, 2.0, 1.0]), branch_values=np.array([3.0, 1.0, 0.0]),
        has_skip=np.bool_(place.has_skip), inputs=np.int64(2048), outputs=np.int64(1024),
        mean_square=np.float64(0.25), branch_mean_square=np.float64(0.09),
    )  # fmt: skip


_MADE = {
    "variance": _variance,
    "blocks": _blocks,
    "feature-maps": _feature_maps,
    "read-out": _read_out,
    "singular-values": _singular_values,
}
