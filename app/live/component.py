"""The stage as a page uses it: runs watched live or replayed, in one component that stays where it is.

The component loads its script from the server's own routes and asks them for numbers. Without those routes
(`streamlit run app/main.py`) two small helpers beside it bring the script and the numbers through Streamlit.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from app.figures.curves import curves
from app.figures.heat import heat_maps
from app.figures.profile import profile
from app.figures.theme import PALETTES, Arm, arms
from app.live import library
from app.live.captions import EXTRAS, captions
from app.live.delta import delta_of, routes_are_served
from resnet_core.config import to_flat
from resnet_core.records import RunInfo
from resnet_core.runs.store import RunStore, StoreError

Mode = Literal["live", "replay", "recording"]
PROJECTOR_SCALE = 1.35  # type of a page shown on a wall, over type of a page on a desk

_HTML = """<div class="rl-root" style="min-height: 60rem">
<p role="status" style="opacity: 0.6">Loading the charts</p></div>"""
_LOADER = """
export default function (component) {
  const { data, parentElement } = component;
  const lab = (globalThis.resnetLab ??= {});
  lab.stage ??= data.hasRoutes
    ? import(new URL(data.script, document.baseURI).href)
    : new Promise((resolve) => (lab.deliver = resolve));
  lab.stage.then((stage) => stage.show(component)).catch((error) => {
    lab.stage = null;
    const root = parentElement.querySelector(".rl-root");
    if (root) root.textContent = `The charts cannot be loaded: ${error.message}`;
  });
  return () => lab.stage?.then((stage) => stage.unmount(parentElement));
}
"""
_LIBRARY = """
export default function ({ data }) {
  const lab = (globalThis.resnetLab ??= {});
  if (lab.plotlyUrl) return;
  const address = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  lab.plotlyUrl = address(data.plotly);
  const stage = import(address(data.stage));
  if (lab.deliver) lab.deliver(stage);
  else lab.stage = stage;
}
"""
_FEED = """
export default function ({ data, setStateValue }) {
  const lab = (globalThis.resnetLab ??= {});
  const feed = ((lab.feeds ??= {})[data.stage] ??= { asked: 0, waiting: [] });
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  for (const one of feed.waiting.filter((one) => one.number <= data.number)) {
    const answer = data.answers[one.request.id];
    if (answer) one.resolve(bytes(answer));
    else one.reject(new Error("no answer"));
  }
  feed.waiting = feed.waiting.filter((one) => one.number > data.number);
  feed.send = () => {
    feed.sending = null;
    const asking = feed.waiting.filter((one) => one.number === feed.asked);
    setStateValue("wants", { number: feed.asked, requests: asking.map((one) => one.request) });
  };
  lab.ask = (stage, request) => new Promise((resolve, reject) => {
    const to = lab.feeds[stage];
    if (!to.sending) {
      to.asked = Math.max(to.asked, Date.now());
      to.sending = setTimeout(() => to.send(), 0);
    }
    to.waiting.push({ request, resolve, reject, number: to.asked });
    setTimeout(() => reject(new Error("no answer in time")), 10000);
  });
}
"""
_stage = st.components.v2.component("resnet_stage", html=_HTML, js=_LOADER, isolate_styles=False)
_library = st.components.v2.component("resnet_stage_library", js=_LIBRARY)
_feed = st.components.v2.component("resnet_stage_feed", js=_FEED)


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
    classes = len(runs[0].config.data.info.classes)
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
        "texts": captions(runs[0].config),
        "sharesPictures": len({(run.race_id, run.config.data, run.config.seed) for run in runs}) == 1,
        "skeletons": {name: _skeletons(shown, palette, classes, scale) for name, palette in PALETTES.items()},
    }


def _look(arm: Arm) -> dict[str, Any]:
    style = arm.style
    color = {name: style.color(palette) for name, palette in PALETTES.items()}
    return {"name": arm.name, "dash": style.dash, "symbol": style.symbol, "color": color}


def _names_of_colors(palette) -> dict[str, str]:
    return {name: getattr(palette, name) for name in ("right", "wrong", "zero", "infinite", "undefined")}


def _skeletons(shown: Sequence[Arm], palette, classes: int, scale: float) -> dict[str, Any]:
    return {
        "curves": json.loads(curves(shown, palette, classes, scale).to_json()),
        "profile": json.loads(profile(shown, palette, "gradient_norm", scale).to_json()),
        "heat": json.loads(heat_maps(shown, palette, scale).to_json()),
        "extra": {name: json.loads(profile(shown, palette, name, scale).to_json()) for name in EXTRAS},
    }


@st.fragment
def _answer(key: str, stores: Sequence[RunStore]) -> None:
    """Answers what the stage asked for; runs again, alone, whenever it asks."""
    name = f"{key}-feed"
    wants = st.session_state.get(name, {}).get("wants") or {"number": 0, "requests": []}
    answers = {}
    for request in wants["requests"]:
        try:
            delta = delta_of(stores, request["id"], request["since"], request["sprites"])
        except StoreError:
            continue
        answers[request["id"]] = base64.b64encode(delta).decode()
    _feed(
        data={"stage": key, "number": wants["number"], "answers": answers},
        key=name,
        on_wants_change=lambda: None,
    )
