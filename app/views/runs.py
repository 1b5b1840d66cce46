"""All runs of this machine: replay, compare up to four on one axis, export, import, delete."""

import time
import zlib
from collections.abc import Sequence

import streamlit as st

from app import state
from app.figures.theme import full_name
from app.live.component import stage
from app.views import look_inside, messages, results
from app.views.text import explain
from resnet_core.config import to_flat
from resnet_core.records import Phase, RunInfo
from resnet_core.runs import archive, export
from resnet_core.runs.store import RunStore, StoreError

LARGEST_ZIP_MEGABYTES = 512


def page() -> None:
    state.start_session()
    st.markdown("#### Runs of this machine")
    store = state.open_stores()[0]
    runs = store.runs()
    with messages.place():
        _say(store, runs)
    if runs:
        chosen = _choose(runs)
        _actions(store, chosen)
        _replay(store, chosen)
    else:
        st.info(
            "No runs yet. Train one on the Race page, or bring one as a zip.",
            icon=":material/hourglass_empty:",
        )
        st.page_link("views/race.py", label="To the race", icon=":material/conversion_path:")
    _import(store)
    explain("runs")


def _say(store: RunStore, runs: Sequence[RunInfo]) -> None:
    """What the last press came to, and what of the link is not here."""
    messages.show_kept(store)
    here = {run.id for run in runs}
    for missing in [run_id for run_id in state.chosen_runs() if run_id not in here][: state.MAX_COMPARED]:
        messages.show_missing("run", missing)
    state.keep_chosen(here)


def _choose(runs: Sequence[RunInfo]) -> list[RunInfo]:
    """The table of runs and what is chosen in it: up to four, those of the link at first."""
    asked = [i for i, run in enumerate(runs) if run.id in state.chosen_runs()]
    event = st.dataframe(
        _table(runs), hide_index=True, width="stretch", height=min(38 + 35 * len(runs), 360),
        key=f"runs {zlib.crc32(' '.join(run.id for run in runs).encode())}",  # rows are chosen by number
        on_select="rerun", selection_mode="multi-row", selection_default={"selection": {"rows": asked}},
        column_config={
            "Test accuracy": st.column_config.NumberColumn(format="percent"),
            "Done": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1),
            "Started": st.column_config.DatetimeColumn(format="distance"),
        },
    )  # fmt: skip
    chosen = [runs[i] for i in event.selection.rows if i < len(runs)]
    if len(chosen) > state.MAX_COMPARED:
        st.warning(f"{len(chosen)} runs are chosen; the first {state.MAX_COMPARED} are compared.")
    state.choose_runs([run.id for run in chosen[: state.MAX_COMPARED]])
    return chosen


def _table(runs: Sequence[RunInfo]) -> dict[str, list]:
    settings = [to_flat(run.config) for run in runs]
    return {
        "Network": [full_name(flat) for flat in settings],
        "Ended as": [_phase(run) for run in runs],
        "Done": [run.steps_done / run.config.training.steps for run in runs],
        "Test accuracy": [run.test_accuracy for run in runs],
        "Pictures": [flat["dataset"] for flat in settings],
        "Side": [flat["side"] for flat in settings],
        "Width": [flat["width"] for flat in settings],
        "Steps": [flat["steps"] for flat in settings],
        "Batch": [flat["batch"] for flat in settings],
        "Learning rate": [flat["learning_rate"] for flat in settings],
        "Seed": [flat["seed"] for flat in settings],
        "Started": [_local_time(run.created) for run in runs],
        "Id": [run.id for run in runs],
    }


def _phase(run: RunInfo) -> str:
    if run.phase == Phase.QUEUED and run.queue_position:
        return f"queued, place {run.queue_position}"
    return run.phase.value.lower()


def _local_time(seconds: float):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(seconds))


def _actions(store: RunStore, chosen: Sequence[RunInfo]) -> None:
    """What can be done with the chosen runs."""
    one = chosen[0] if len(chosen) == 1 else None
    columns = st.columns([1.4, 1, 1, 1, 1.1, 1.2, 1.1, 1.2, 1.6], vertical_alignment="center")
    if columns[0].button(
        "Open in Race", icon=":material/open_in_new:", disabled=not chosen, width="stretch", key="open",
        on_click=state.show_race, args=(chosen[0].race_id if chosen else "",),
        help="Shows the whole race of the first chosen run.",
    ):  # fmt: skip
        st.switch_page("views/race.py")
    formats = (
        ("CSV", "csv.zip", export.to_csv),
        ("Parquet", "parquet.zip", export.to_parquet),
        ("Zip", "zip", archive.pack_run),
    )
    for column, (label, ending, make) in zip(columns[1:4], formats, strict=True):
        column.download_button(
            label, data=(lambda make=make: make(store, one.id)) if one else b"", disabled=one is None,
            file_name=f"{one.id if one else 'run'}.{ending}", icon=":material/download:", on_click="ignore",
            key=f"export {label.lower()}", width="stretch",
            help=None if one else "Choose one run to export it.",
        )  # fmt: skip
    delete = columns[4].button(
        "Delete", icon=":material/delete:", disabled=not chosen, width="stretch", key="delete"
    )
    if delete:
        _confirm_delete(store, chosen)
    look_inside.buttons(columns[5:8], [run.id for run in chosen])
    if not chosen:
        columns[8].caption("Choose runs in the table: one to export it, up to four to compare them.")


@st.dialog("Delete for good?")
def _confirm_delete(store: RunStore, chosen: Sequence[RunInfo]) -> None:
    names = [f"- {full_name(to_flat(run.config))}, {run.steps_done:,} steps, {run.id}" for run in chosen]
    st.markdown("Numbers, checkpoints and settings of:\n" + "\n".join(names))
    if st.button("Delete", type="primary", icon=":material/delete:", key="really delete"):
        for run in chosen:
            with messages.refusals():
                store.delete(run.id)
        state.keep_chosen([run.id for run in store.runs()])
        st.rerun()


def _replay(store: RunStore, chosen: Sequence[RunInfo]) -> None:
    compared = list(chosen[: state.MAX_COMPARED])
    if not compared:
        return
    mode = "replay" if all(run.phase.has_ended for run in compared) else "live"
    stage(
        compared, mode=mode, key="compare " + " ".join(run.id for run in compared), stores=state.open_stores()
    )
    if mode == "replay":
        results.card(store, compared)


def _import(store: RunStore) -> None:
    with st.expander("Bring a run as a zip", icon=":material/upload:"):
        file = st.file_uploader(
            "A zip that was exported here or on another machine", type="zip", key="import zip",
            max_upload_size=LARGEST_ZIP_MEGABYTES,
        )  # fmt: skip
        if file is not None and st.button("Import", type="primary", disabled=bool(store.read_only_because)):
            try:
                run = archive.unpack_run(store, file.getvalue())
                state.say("success", f"Run {run.id} is here now.")
            except (archive.ArchiveError, StoreError) as error:
                state.say("error", str(error))
            st.rerun()


page()
