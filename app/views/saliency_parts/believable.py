"""Whether a map is worth believing: what random weights leave of it, and what its pixels do to the answer."""

from collections.abc import Callable, Mapping

import streamlit as st

from app import state
from app.views.instrument_page import Scene
from app.views.instruments.switches import switch
from app.views.saliency_parts import perturbation, picture_choice, randomization
from app.views.saliency_parts.cam_unit import choose_unit
from app.views.saliency_parts.method_names import NAMES, OF_A_UNIT
from app.views.saliency_parts.tested import Tested
from resnet_core.options import METHODS

TESTS: Mapping[str, tuple[str, Callable[[Scene, Tested], None]]] = {
    "weights": ("Random weights", randomization.draw),
    "pixels": ("Pixels taken away and put back", perturbation.draw),
}
USUAL, KEY = "grad-cam", "method that is tested"
HAVE_A_UNIT = (*OF_A_UNIT, "guided-grad-cam")


def draw(scene: Scene) -> None:
    explained = picture_choice.choose(scene)
    columns = st.columns([2.2, 2.6, 4.2], vertical_alignment="bottom")
    with columns[0]:
        method = _method()
    with columns[1]:
        unit = choose_unit(scene) if method in HAVE_A_UNIT else ""
    with columns[2]:
        test = switch("Test", {name: title for name, (title, _) in TESTS.items()}, key="test of a map")
    TESTS[test][1](scene, Tested(explained, method, unit))


def _method() -> str:
    state.show_in_widget(KEY, state.remembered(KEY, USUAL))
    return st.selectbox(
        "Method", METHODS, format_func=NAMES.get, key=KEY,
        on_change=lambda: state.remember(KEY, state.widget_value(KEY)),
    )  # fmt: skip
