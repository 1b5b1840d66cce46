"""The paper's ranking and the measured one in sentences and as a table, from which runs are opened."""

from collections.abc import Mapping, Sequence

import streamlit as st

from app import state
from app.figures.errors import measured_words, published_words, seed_words
from resnet_core.ranking import (
    Outcome,
    Pair,
    Verdict,
    against_original,
    count,
    measured_rank,
    rule,
    widest,
)
from resnet_core.trials import Trial
from resnet_core.variants import (
    ABOUT_FAIL,
    BY_KEY,
    ORIGINAL,
    PAPER,
    PAPER_DEPTH,
    PAPER_RUNS,
    PAPER_SET,
    READ_IN,
    Variant,
    by_published_error,
    published_rank,
)


def findings(outcomes: Mapping[str, Outcome], pairs: Sequence[Pair]) -> None:
    """How many pairs agree, which do not, and by what rule; nothing where nothing is measured."""
    counts = count(pairs)
    ranked = len(pairs) - counts[Verdict.UNRANKED]
    if not ranked:
        return
    st.markdown(
        f"Of **{ranked}** pairs that the paper ranks, **{counts[Verdict.AGREES]}** agree, "
        f"**{counts[Verdict.DISAGREES]}** disagree and **{counts[Verdict.OPEN]}** cannot be told apart."
    )
    if counts[Verdict.DISAGREES]:
        st.markdown(
            "Better as measured than in the paper's order, published and measured error in brackets:\n"
            + "\n".join(_disagreements(outcomes, pairs))
        )
    st.caption(
        f"{rule(outcomes)}{_spread(outcomes)} A measured number is the mean of its seeds; the paper's is a "
        f"median of {PAPER_RUNS} runs."
    )


def _spread(outcomes: Mapping[str, Outcome]) -> str:
    found = widest(outcomes)
    if found is None:
        return ""
    key, low, high = found
    return f" The seeds of {BY_KEY[key].name} lie furthest apart: {low:.1f} to {high:.1f} %."


def _disagreements(outcomes: Mapping[str, Outcome], pairs: Sequence[Pair]) -> list[str]:
    """A line for each variant that is above others as measured that the paper has above it."""
    beaten: dict[str, list[str]] = {}
    for pair in pairs:
        if pair.verdict is Verdict.DISAGREES:
            beaten.setdefault(pair.below, []).append(_both(pair.above, outcomes))
    return [f"- **{_both(key, outcomes)}**: than {', '.join(others)}" for key, others in beaten.items()]


def _both(key: str, outcomes: Mapping[str, Outcome]) -> str:
    return f"{BY_KEY[key].name} ({published_words(BY_KEY[key])}; {measured_words(outcomes[key].error)})"


def table(outcomes: Mapping[str, Outcome], trials: Sequence[Trial]) -> None:
    """The rows of the paper with what was measured, and a button for the runs behind the chosen ones."""
    rows = by_published_error()
    event = st.dataframe(
        columns(rows, outcomes), hide_index=True, width="stretch", height=38 + 35 * len(rows),
        key="variants table", on_select="rerun", selection_mode="multi-row",
        column_config={"Remark": st.column_config.TextColumn(width=235)},
    )  # fmt: skip
    keys = [rows[i].key for i in event.selection.rows if i < len(rows)]
    run_ids = runs_to_open(trials, keys)
    button, hint = st.columns([1.3, 6], vertical_alignment="center")
    if button.button("Open in Runs", icon=":material/open_in_new:", disabled=not run_ids, key="open runs",
                     width="stretch"):  # fmt: skip
        state.choose_runs(run_ids)
        st.switch_page("views/runs.py")
    hint.caption(_hint(keys, run_ids))
    st.caption(
        f"Source of the published numbers: {PAPER}, tables 1 and 2, {PAPER_SET}, {PAPER_DEPTH} layers (in "
        f"brackets 164), median of {PAPER_RUNS} runs; {READ_IN}. {ABOUT_FAIL}"
    )


def runs_to_open(trials: Sequence[Trial], keys: Sequence[str]) -> list[str]:
    """The runs of the chosen variants, seed by seed, as many as can be compared."""
    found = [trial.measured.id for trial in trials if trial.measured and trial.variant in keys]
    return found[: state.MAX_COMPARED]


def _hint(keys: Sequence[str], run_ids: Sequence[str]) -> str:
    if not keys:
        return "Choose variants in the table to see their runs step by step, up to four side by side."
    if not run_ids:
        return "None of them has been measured on this machine."
    return f"{len(run_ids)} measured on this machine, seed by seed."


def columns(rows: Sequence[Variant], outcomes: Mapping[str, Outcome]) -> dict[str, list[str]]:
    """The table as text, column by column."""
    against = {key: str(pair.verdict) for key, pair in against_original(outcomes).items()}
    return {
        "Case": [variant.case for variant in rows],
        "On shortcut": [variant.on_shortcut for variant in rows],
        "On F": [variant.on_branch for variant in rows],
        "Remark": [variant.remark for variant in rows],
        "Paper": [published_words(variant) + _deeper(variant) for variant in rows],
        "Rank in the paper": [str(published_rank(variant)) for variant in rows],
        "Measured": [
            measured_words(outcomes[v.key].error) if v.key in outcomes else "not measured" for v in rows
        ],
        "Seeds": [_seeds(outcomes[v.key]) if v.key in outcomes else "" for v in rows],
        "Rank measured": [str(measured_rank(v.key, outcomes)) if v.key in outcomes else "" for v in rows],
        "Against the original": ["itself" if v.key == ORIGINAL else against.get(v.key, "") for v in rows],
    }


def _deeper(variant: Variant) -> str:
    return "".join(f" ({error:.2f})" for depth, error in variant.errors.items() if depth != PAPER_DEPTH)


def _seeds(outcome: Outcome) -> str:
    return ", ".join(seed_words(a).removesuffix(" %") for a in outcome.accuracies)
