"""Diagram and code as a page uses them: of one network or two, in a component that stays where it is."""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from app.diagram.choice import Network
from app.diagram.compare import unlike_blocks
from app.diagram.drawing import Form, Stage, block_names, drawing_of, form_numbers, in_words
from app.diagram.formula import shape_text
from app.diagram.inside import inside_of, unlike_ops
from app.figures.theme import styles_of
from app.live import library
from app.live.delta import routes_are_served
from resnet_core.architecture import Plan, Unit
from resnet_core.code import LinePair

PROJECTOR_SCALE = 1.3

_HTML = """<div class="rd-place" style="min-height: 24rem">
<p role="status" style="opacity: 0.6">Drawing the network</p></div>"""
_diagram = st.components.v2.component(
    "resnet_diagram", html=_HTML, js=(Path(__file__).parent / "loader.js").read_text("utf-8")
)


def diagram(
    networks: Sequence[Network], *, chosen: str, key: str, present: bool, on_choose: Callable[[], None]
) -> None:
    """Draws one or two networks; the reader's choice of a block is the component's value `block`."""
    data = diagram_data(tuple(networks)) | _script() | {"chosen": chosen, "scale": _scale(present)}
    _diagram(data=data, key=key, on_block_change=on_choose)


def code_view(names: Sequence[str], lines: Sequence[LinePair], *, key: str, present: bool) -> None:
    """Shows the code of one network, or of two beside each other."""
    shown = {"names": list(names), "lines": [list(line) for line in lines]}
    _diagram(data=shown | _version(shown) | _script() | {"scale": _scale(present)}, key=key)


def _script() -> dict[str, str]:
    script = library.diagram_script()
    address = f"lib/diagram.js?v={library.version(script)}"
    return {"script": address, "inline": "" if routes_are_served() else script}


def _scale(present: bool) -> float:
    return PROJECTOR_SCALE if present else 1.0


def _version(shown: Any) -> dict[str, str]:
    return {"version": hashlib.blake2b(json.dumps(shown).encode(), digest_size=8).hexdigest()}


@lru_cache(maxsize=16)
def diagram_data(networks: tuple[Network, ...]) -> dict[str, Any]:
    """Everything that is drawn, as plain data."""
    others = networks[::-1] if len(networks) > 1 else [None]
    styles = styles_of([network.kind for network in networks])
    drawn = [
        _network(network, other) | {"colors": style.colors}
        for network, other, style in zip(networks, others, styles, strict=True)
    ]
    return {"networks": drawn} | _version(drawn)


def _network(network: Network, other: Network | None) -> dict[str, Any]:
    drawing = drawing_of(network.plan)
    return {
        "name": network.name,
        "facts": _facts(network, other),
        "inputs": shape_text(drawing.inputs),
        "classes": drawing.num_classes,
        "stages": [_stage(stage) for stage in drawing.stages],
        "forms": [_form(form) for form in drawing.forms],
        "survival": {block: round(chance, 4) for block, chance in drawing.survival.items()},
        "unlike": unlike_blocks(network.plan, other.plan) if other else {},
        "unlikeOps": _unlike_ops(network.plan, other.plan) if other else {},
    }


def _facts(network: Network, other: Network | None) -> list[dict[str, Any]]:
    plan = network.plan
    facts = (
        (f"{plan.depth} layers", lambda plan: plan.depth),
        (f"{plan.parameter_count:,} parameters", lambda plan: plan.parameter_count),
        (f"{_size(plan.multiply_adds)} multiply-adds", lambda plan: plan.multiply_adds),
    )
    return [{"text": t, "differs": bool(other) and of(plan) != of(other.plan)} for t, of in facts]


def _size(count: int) -> str:
    for unit, name in ((1e9, "billion"), (1e6, "million")):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return f"{count:,}"


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "shape": shape_text(stage.shape),
        "isDense": bool(stage.dense_boxes),
        "boxes": [{"blocks": box.blocks, "forms": box.forms} for box in stage.boxes],
    }


def _form(form: Form) -> dict[str, Any]:
    return {
        "shape": form.shape,
        "lanes": [[glyph._asdict() for glyph in lane] for lane in form.lanes],
        "arc": form.arc._asdict() if form.arc else None,
        "gate": form.gate,
        "channels": form.channels,
        "text": in_words(form),
        "inside": inside_of(form.unit),
    }


def _unlike_ops(plan: Plan, other: Plan) -> dict[str, list[str]]:
    """For each two forms that meet under one name: the operations of the first that the second lacks."""
    units, others = block_names(plan), block_names(other)
    mine, theirs = form_numbers(units), form_numbers(others)
    met = {(mine[block], theirs[block]): block for block in units if block in others}
    return {f"{a} {b}": _unlike(block, units[block], others[block]) for (a, b), block in met.items()}


def _unlike(block: str, unit: Unit, other: Unit) -> list[str]:
    return sorted(name.removeprefix(f"{block}.") for name in unlike_ops(unit, other))
