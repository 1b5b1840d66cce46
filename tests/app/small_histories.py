"""Histories of a few known numbers, the arms that they are of, and a way to find them in a figure."""

import numpy as np

from app.figures.history import history_of
from app.figures.theme import arms
from resnet_core.config import from_flat, to_flat
from resnet_core.records import Evaluation, Layer, Layout, StepRecord

LAYOUT = Layout(
    (Layer("conv1", "conv", 1), Layer("layer1.0.conv1", "conv", 2), Layer("down", "projection", 2),
     Layer("fc", "linear", 3)),
    ("layer1.0",),
)  # fmt: skip
EMPTY = history_of([], None)


def labels(*settings: dict) -> list[dict]:
    return [to_flat(from_flat(one)) for one in settings]


PLAIN_AND_RESIDUAL = arms(labels({"skip": "none"}, {"skip": "identity"}))


def record(step: int, norms, loss: float = 2.0, accuracy: float | None = None) -> StepRecord:
    evaluation = None if accuracy is None else Evaluation(accuracy, 1.0, 500)
    readings = {"gradient_norm": np.array(norms, np.float32), "branch_ratio": np.array([0.5], np.float32)}
    return StepRecord(step, loss, 0.5, 0.1, 0.1 * step, evaluation, readings)


HISTORY = history_of(
    [record(0, [8, 4, 2, 1], loss=2.0), record(1, [1, 2, 3, 4], loss=1.0, accuracy=0.25)], LAYOUT, 300
)


def traces(figure, role: str):
    return [trace for trace in figure.data if trace.meta["role"] == role]
