"""How far the gradients of a batch's pictures agree, layer by layer."""

from collections.abc import Sequence

import numpy as np

from app.figures.depth import Line, by_depth, unknown
from app.figures.theme import Arm
from app.figures.words import in_words
from app.views.charts import chart, palette, type_scale
from app.views.instrument_page import Scene
from app.views.instruments.bands import block_bands
from app.views.instruments.near_steps import near_steps
from app.views.instruments.numbers import as_columns, numbers
from app.views.looks import Look
from resnet_core.architecture import Plan
from resnet_core.findings import GradientNoise

PICTURES = 16


def draw(scene: Scene, place) -> None:
    """`place` has the sentences."""
    looks, options = scene.looks, {"pictures": PICTURES}
    found = scene.ask([look.question("gradient-noise", scene.step, **options) for look in looks])
    said = "  \n".join(_agree(look, noise) for look, noise in zip(looks, found, strict=True))
    place.markdown(said)
    lines = [_line(look, noise) for look, noise in zip(looks, found, strict=True)]
    figure = by_depth(
        lines, "‖mean gradient‖ / mean ‖gradient‖", palette(), type_scale(), laws=_chance(looks, found),
        bands=block_bands(looks, scene.block),
    )  # fmt: skip
    chart(figure, key="gradient noise", alt=said.replace("**", ""))
    names = ("network", "layer", "depth", "norm of the mean", "mean norm", "common share")
    rows = [
        (look.name, *row)
        for look, f in zip(looks, found, strict=True)
        if f is not None
        for row in zip(f.layers, f.depths, f.mean_norms, f.single_norms, f.common, strict=True)
    ]
    numbers(as_columns(names, rows), key="gradient noise")
    scene.ask.ahead(
        [look.question("gradient-noise", s, **options) for look in looks for s in near_steps(scene)]
    )


def _line(look: Look, noise: GradientNoise | None) -> Line:
    if noise is None:
        return unknown(look.arm)
    return Line(look.arm, noise.depths, noise.common, noise.layers, np.isin(noise.layers, _beside(look.plan)))


def _beside(plan: Plan) -> list[str]:
    """The operations that are not on the main path."""
    return [
        op.name
        for unit in plan.units
        for path in unit.paths
        if path.role != "branch" or len(unit.branches) > 1
        for op in path.ops
    ]


def _chance(looks: Sequence[Look], found: Sequence[GradientNoise | None]) -> list[Line]:
    """What gradients of equal norm that have nothing in common would give."""
    for look, noise in zip(looks, found, strict=True):
        if noise is not None:
            ends = np.array([noise.depths.min(), noise.depths.max()])
            level = 1 / np.sqrt(float(noise.pictures))
            arm = Arm(f"1/√{int(noise.pictures)}", look.arm.style)
            return [Line(arm, ends, np.full(2, level), np.array(["by chance"] * 2))]
    return []


def _agree(look: Look, noise: GradientNoise | None) -> str:
    if noise is None:
        return f"**{look.name}**: …"
    share, chance = float(noise.common_of_all), 1 / np.sqrt(float(noise.pictures))
    return (
        f"**{look.name}**: the mean gradient of {int(noise.pictures)} pictures has {in_words(share)} of the "
        f"mean norm of each; with nothing in common it would be {in_words(chance)}, with all in one "
        "direction 1."
    )
