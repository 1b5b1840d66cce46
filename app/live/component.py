"""The stage as a page uses it: runs watched live or replayed, in one component that stays where it is.

The component loads its script from the server's own routes and asks them for numbers. Without those routes
(`streamlit run app/main.py`) two small helpers beside it bring the script and the numbers through Streamlit.
"""

import base64
import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import plotly.graph_objects as go
import streamlit as st

from app import state
from app.figures.curves import curves
from app.figures.heat import heat_maps
from app.figures.profile import profile
from app.figures.theme import PALETTES, Arm, Palette, arms
from app.live import library
from app.live.captions import EXTRAS, captions
from app.live.delta import delta_of, routes_are_served
from resnet_core.architecture.plan import WEIGHTED, Plan
from resnet_core.config import to_flat
from resnet_core.cost import plan_of_run
from resnet_core.records import RunInfo
from resnet_core.runs.store import RunStore, StoreError

Mode = Literal["live", "replay", "recording"]
PROJECTOR_SCALE = 1.35  # type of a page shown on a wall, over type of a page on a desk

_HTML = """<div class="rl-root" style="min-height: 60rem">
<p role="status" style="opacity: 0.6">Loading the charts</p></div>"""


def _inline(name: str) -> str:
    return (Path(__file__).parent / "inline" / f"{name}.js").read_text("utf-8")


_stage = st.components.v2.component("resnet_stage", html=_HTML, js=_inline("loader"), isolate_styles=False)
_library = st.components.v2.component("resnet_stage_library", js=_inline("library"))
_feed = st.components.v2.component("resnet_stage_feed", js=_inline("feed"))


@dataclass(frozen=True, slots=True)
class StageState:
    """What the stage tells its page: whether every run shown has ended (in live mode only)."""

    ended: bool


def stage(
    runs: Sequence[RunInfo], *, mode: Mode, key: str, present: bool = False, stores: Sequence[RunStore] = ()
) -> StageState:
    """Draws one to four runs. `stores` is needed where the server has no routes of its own."""
    has_routes = routes_are_served()
    if not has_routes:
        _library(
            data={"plotly": library.plotly_script(), "stage": library.stage_script()}, key=f"{key}-library"
        )
    result = _stage(
        data=stage_data(runs, mode, key, PROJECTOR_SCALE if present else 1.0) | {"hasRoutes": has_routes},
        key=key,
        on_ended_change=lambda: None,
    )
    if not has_routes:
        _answer(key, tuple(stores))
    return StageState(ended=result.ended == " ".join(run.id for run in runs))


def stage_data(runs: Sequence[RunInfo], mode: Mode, key: str, scale: float = 1.0) -> dict[str, Any]:
    """Everything about the runs that stays as it is while they train: small, and the same at every rerun."""
    shown = arms([to_flat(run.config) for run in runs])
    plans = [plan_of_run(run.config) for run in runs]
    sizes = max(plan.depth for plan in plans), max(len(plan.skip_units) for plan in plans)
    return {
        "key": key,
        "mode": mode,
        "scale": scale,
        "script": f"lib/stage.js?v={library.version(library.stage_script())}",
        "plotly": f"lib/plotly.js?v={library.version(library.plotly_script())}",
        "runs": [run.id for run in runs],
        "arms": [_look(arm) for arm in shown],
        "colors": {name: _names_of_colors(palette) for name, palette in PALETTES.items()},
        "extras": [{"quantity": quantity, "label": label} for quantity, label in EXTRAS.items()],
        "texts": captions(runs[0].config, any(map(_has_layers_beside, plans))),
        "sharesPictures": len({(run.race_id, run.config.data, run.config.seed) for run in runs}) == 1,
        "skeletons": _skeletons(tuple(shown), sizes, len(runs[0].config.data.info.classes), scale),
    }


def _has_layers_beside(plan: Plan) -> bool:
    beside = (path for unit in plan.units for path in unit.paths if path not in unit.branches[:1])
    return any(op.kind in WEIGHTED for path in beside for op in path.ops)


def _look(arm: Arm) -> dict[str, Any]:
    style = arm.style
    return {"name": arm.name, "dash": style.dash, "symbol": style.symbol, "color": style.colors}


def _names_of_colors(palette: Palette) -> dict[str, str]:
    return {name: getattr(palette, name) for name in ("right", "wrong", "zero", "infinite", "undefined")}


@functools.lru_cache(maxsize=32)
def _skeletons(shown: tuple[Arm, ...], sizes: tuple[int, int], classes: int, scale: float) -> dict[str, Any]:
    """Figures without numbers for the light and the dark page, as long as the deepest run.

    `sizes` are the most layers and the most blocks of a run.
    """
    papers = {name: (palette, scale) for name, palette in PALETTES.items()}
    return {name: _figures(shown, paper, sizes, classes) for name, paper in papers.items()}


def _figures(
    shown: Sequence[Arm], paper: tuple[Palette, float], sizes: tuple[int, int], classes: int
) -> dict[str, Any]:
    palette, scale = paper
    layers, blocks = sizes
    by_layer = {}
    for name in ("gradient_norm", *EXTRAS):
        figure = by_layer[name] = _plain(profile(shown, palette, name, scale))
        is_by_block = figure["layout"]["meta"]["blocks"]
        figure["layout"]["xaxis"]["range"] = [0, (blocks if is_by_block else layers) + 1]
    return {
        "curves": _plain(curves(shown, palette, classes, scale)),
        "profile": by_layer.pop("gradient_norm"),
        "heat": _plain(heat_maps(shown, palette, scale)),
        "extra": by_layer,
    }


def _plain(figure: go.Figure) -> dict[str, Any]:
    return json.loads(figure.to_json())


@st.fragment
def _answer(key: str, stores: Sequence[RunStore]) -> None:
    """Answers what the stage asked for; runs again, alone, whenever it asks."""
    name = f"{key}-feed"
    wants = state.component_value(name, "wants") or {"number": 0, "requests": []}
    answers = {str(request["id"]): _answer_to(request, stores) for request in wants["requests"]}
    _feed(
        data={"stage": key, "number": wants["number"], "answers": answers},
        key=name,
        on_wants_change=lambda: None,
    )


def _answer_to(request: Mapping[str, Any], stores: Sequence[RunStore]) -> dict[str, str]:
    try:
        delta = delta_of(stores, str(request["id"]), int(request["since"]), bool(request["sprites"]))
    except StoreError as error:
        return {"gone": str(error)}
    return {"delta": base64.b64encode(delta).decode()}
