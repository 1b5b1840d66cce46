"""Findings about saliency of any network, made up: the right names and shapes, and numbers easy to find."""

import numpy as np

from resnet_core.cost import plan_of_run
from resnet_core.findings import Finding
from resnet_core.options import BLOCK_METHODS
from resnet_core.questions import Question
from resnet_core.saliency_findings import BlockMaps, Perturbed, PixelMap, PointingGame, Randomized

SIDE = 16
GAME = (*BLOCK_METHODS, "saliency", "smooth-grad", "integrated-gradients", "guided-backprop",
        "guided-grad-cam", "deep-lift", "occlusion", "random pixel", "centre")  # fmt: skip


def saliency_finding(question: Question) -> Finding | str:
    """Of `question`; plain networks have half of what residual ones have."""
    return _MADE[question.instrument](question)


def _strength(question: Question) -> float:
    return 0.5 if question.config.model.skip == "none" else 1.0


def _placed(question: Question):
    plan = plan_of_run(question.config)
    return [(n, u) for n, u in zip(plan.unit_names, plan.units, strict=True) if len(u.outputs) == 3]


def _facts(question: Question) -> dict[str, np.ndarray]:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[:8, :8] = True
    classes = len(question.config.data.info.classes)
    return {
        "picture": np.zeros((question.config.data.info.channels, SIDE, SIDE), np.uint8), "mask": mask,
        "label": np.int64(1), "target": np.int64(1), "logits": np.eye(classes, dtype=np.float32)[1],
    }  # fmt: skip


def _said(question: Question) -> dict[str, np.ndarray]:
    return {name: fact for name, fact in _facts(question).items() if name != "mask"}


def corner(side: int, value: float) -> np.ndarray:
    """A map that is `value` in its upper left corner, a tenth of it against the class in the lower right."""
    values = np.zeros((side, side), np.float32)
    values[0, 0], values[-1, -1] = value, -value / 10
    return values


def _block_maps(question: Question) -> BlockMaps:
    placed = _placed(question)
    count = len(BLOCK_METHODS)
    maps = [np.stack([corner(u.outputs[1], _strength(question))] * count) for _, u in placed]
    return BlockMaps(
        units=np.array([name for name, _ in placed]), stages=np.array([unit.stage for _, unit in placed]),
        has_skip=np.array([unit.has_skip for _, unit in placed]), methods=np.array(BLOCK_METHODS),
        maps=tuple(maps), parts=tuple(np.full((3, *m.shape[1:]), np.nan) for m in maps), **_facts(question),
    )  # fmt: skip


def _pixel_map(question: Question) -> PixelMap | str:
    method, is_complete = question.options.method, question.options.method == "integrated-gradients"
    has_unit = method in ("guided-grad-cam", "score-cam")
    if has_unit and not _placed(question):
        return "unit: no unit has feature maps"
    return PixelMap(
        method=np.array(method), map=corner(SIDE, 4 * _strength(question)), is_signed=np.bool_(True),
        delta=np.float64(0.25 if is_complete else np.nan),
        unit=np.array(_placed(question)[-1][0] if has_unit else ""), **_facts(question),
    )  # fmt: skip


def _randomized(question: Question) -> Randomized:
    plan = plan_of_run(question.config)
    counts = np.unique(np.linspace(0, len(plan.units), question.options.places).round().astype(int))
    left = np.linspace(1, 0, len(counts)) * _strength(question)
    return Randomized(
        method=np.array(question.options.method), unit=np.array("layer3.0"),
        units=np.array(["" if not c else plan.unit_names[-c] for c in counts]), counts=counts,
        maps=np.stack([corner(4, value) for value in left]),
        signed_rank=left, absolute_rank=np.full(len(counts), 0.75), similarity=np.full(len(counts), np.nan),
        probabilities=left, seed=np.int64(1), **_said(question),
    )  # fmt: skip


def _perturbed(question: Question) -> Perturbed:
    shares, orders = np.linspace(0, 1, question.options.shares), question.options.orders
    half = np.full(question.options.orders, 0.5)
    random = np.tile(1 - shares, (orders, 1))
    return Perturbed(
        method=np.array(question.options.method), unit=np.array("layer3.0"), shares=shares,
        deletion=(1 - shares) ** 2, insertion=shares, random_deletion=random,
        random_insertion=random[:, ::-1],
        deletion_area=np.float64(0.33), insertion_area=np.float64(0.5), random_deletion_areas=half,
        random_insertion_areas=half, map=corner(SIDE, 1.0), **_said(question),
    )  # fmt: skip


def _pointing_game(question: Question) -> PointingGame:
    """Grad-CAM points best; a plain network half as often."""
    count, strength, names = len(GAME), _strength(question), [name for name, _ in _placed(question)]
    rates = np.linspace(0.9, 0.2, count) * strength
    unit_rates = np.linspace(0.1, 0.9, len(names)) * strength
    return PointingGame(
        methods=np.array(GAME), unit_of=np.array(["layer3.0"] * 6 + [""] * (count - 6)), hits=200 * rates,
        rates=rates, lows=rates - 0.05, highs=rates + 0.05, outline_rates=1.1 * rates, overlaps=rates / 2,
        overlap_errors=np.full(count, 0.01), without_evidence=np.arange(count), units=np.array(names),
        unit_rates=unit_rates, unit_lows=unit_rates - 0.05, unit_highs=unit_rates + 0.05,
        unit_outline_rates=1.1 * unit_rates,
        chosen_on=np.int64(100), pictures=np.int64(200), accuracy=np.float64(0.875),
        mask_share=np.float64(0.2),
    )  # fmt: skip


_MADE = {
    "block-maps": _block_maps,
    "pixel-map": _pixel_map,
    "randomized": _randomized,
    "perturbed": _perturbed,
    "pointing-game": _pointing_game,
}
