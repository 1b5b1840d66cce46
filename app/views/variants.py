"""What He et al. 2016 found for other shortcuts and orders, beside what short runs measure here."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import streamlit as st

from app import state
from app.figures.variants import Titles, rankings
from app.views import messages
from app.views.charts import chart, palette
from app.views.rankings import findings, table
from app.views.text import as_plain, explain
from app.views.trials import orders
from resnet_core.config import SettingsError, field_of
from resnet_core.data.info import SETS
from resnet_core.ranking import Outcome, Pair, compare
from resnet_core.trials import (
    MAX_SEEDS,
    Recording,
    Setup,
    Trial,
    configs_of,
    outcomes_of,
    read_recording,
    setup_of,
    trials_in,
)
from resnet_core.variants import PAPER_DEPTH, PAPER_SET, SIDE, by_published_error

USUAL = {name: str(value) for name, value in Setup()._asdict().items()}
SEEDS = {seeds: ", ".join(map(str, range(seeds))) for seeds in range(1, MAX_SEEDS + 1)}
SOURCES = {"here": "this machine", "bundled": "another machine (bundled)"}


class Shown(NamedTuple):
    """The measurements on the page, the setup that they are of, and where they are from."""

    setup: Setup
    outcomes: Mapping[str, Outcome]
    source: str


def page() -> None:
    st.markdown("#### Other shortcuts: the paper's errors beside measured ones")
    texts = state.page_settings("variants", USUAL)
    asked, problems = setup_of(texts)
    setup = _controls(asked)
    wrong = _mistakes(setup)
    if setup != asked:
        problems, texts = [], {name: str(value) for name, value in setup._asdict().items()}
    if not wrong:
        state.keep_page_settings("variants", texts, USUAL)
    store = state.open_stores()[0]
    with messages.place():
        messages.show_problems([*problems, *wrong])
        messages.show_kept(store)
    trials = [] if wrong else trials_in(store, setup)
    if trials:
        orders(setup, trials)
    shown = _shown(setup, trials)
    pairs = compare(shown.outcomes)
    _chart(shown, pairs)
    findings(shown.outcomes, pairs)
    table(shown.outcomes, trials)
    explain("variants")


def _controls(asked: Setup) -> Setup:
    for name, value in asked._asdict().items():
        state.begin_widget(f"variants {name}", value)
    pictures, depth, steps, seeds = st.columns([2, 1, 1, 1.6], vertical_alignment="bottom")
    return Setup(
        dataset=pictures.selectbox(
            "Pictures", list(SETS), format_func=lambda name: SETS[name].title, key="variants dataset",
            help=f"At {SIDE} x {SIDE} pixels. Sets that are not bundled are read from RESNET_LAB_DATA or "
            "downloaded.",
        ),
        depth=depth.number_input("Depth", step=6, key="variants depth", help="Weighted layers: 6n+2."),
        steps=steps.number_input(
            "Steps", step=50, key="variants steps", help=f"Of {field_of('batch').default} pictures each."
        ),
        seeds=seeds.segmented_control(
            "Seeds", list(SEEDS), format_func=SEEDS.get, key="variants seeds", required=True,
            help="Every variant is trained once with each: of initial values and of the order of pictures.",
        ),
    )  # fmt: skip


def _mistakes(setup: Setup) -> Sequence[str]:
    try:
        configs_of(setup)
    except SettingsError as error:
        return error.problems
    return ()


def _shown(setup: Setup, trials: Sequence[Trial]) -> Shown:
    """The store's own measurements, or those that come with the lab: while there are none, or by choice."""
    own, recording = outcomes_of(trials), read_recording(state.RECORDINGS.parent / "variants.json")
    if recording is None or recording.setup._replace(seeds=setup.seeds) != setup:
        return Shown(setup, own, "here")
    source = "bundled"
    if own:
        source = st.segmented_control(
            "Numbers measured on", list(SOURCES), default="here", required=True, key="variants source",
            format_func=SOURCES.get,
        )  # fmt: skip
    if source == "here":
        return Shown(setup, own, source)
    st.info(_about(recording), icon=":material/inventory_2:")
    return Shown(recording.setup, recording.outcomes, source)


def _about(recording: Recording) -> str:
    made, seeds = recording.made, recording.setup.seeds
    runs = sum(len(outcome.accuracies) for outcome in recording.outcomes.values())
    return (
        f"**Measured on another machine.** {runs} real runs, {seeds} seed{'s' * (seeds > 1)} of each, "
        f"that come with the lab as numbers only ({as_plain(made['device_name'])}, torch "
        f"{as_plain(made['torch'])}). To open runs, measure them here."
    )


def _chart(shown: Shown, pairs: Sequence[Pair]) -> None:
    setup = shown.setup
    paper = f"{PAPER_SET}, {PAPER_DEPTH} layers"
    here = f"{SETS[setup.dataset].title}, {setup.depth} layers, {setup.steps:,} steps"
    titles = Titles(("Test error in the paper", paper), (f"Test error on {SOURCES[shown.source]}", here))
    figure = rankings(by_published_error(), shown.outcomes, pairs, titles, (palette(), 1.0))
    chart(
        figure, key="rankings",
        alt="Published and measured test error of each variant, and what each pair of them says; "
        "the table below has the same numbers.",
    )  # fmt: skip
    st.caption(
        "Middle: the mark is that of the variant's pair with the original (dotted line). Right: every pair, "
        "by the numbers in front of the rows. A pair of two that fail has no mark."
    )


page()
