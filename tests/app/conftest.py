"""Stores for the pages: an empty one, and one with two small races that have ended."""

import shutil

import pytest
import streamlit as st

from app import state
from resnet_core.config import from_flat
from resnet_core.records import Phase
from resnet_core.runs import worker
from resnet_core.runs.store import RunStore

SMALL = {"depth": 8, "width": 2, "steps": 4, "batch": 4, "eval_every": 2, "eval_images": 20}


@pytest.fixture(scope="session")
def small_store(tmp_path_factory):
    """Two races of two finished runs."""
    root = tmp_path_factory.mktemp("small") / "store"
    store = RunStore(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "_prefer_to_be_killed", lambda: None)
        patch.setenv("RESNET_LAB_DEVICE", "cpu")
        for seed in (0, 1):
            runs = store.add_race(
                [from_flat(SMALL | {"skip": s, "seed": seed}) for s in ("none", "identity")]
            )
            for run in store.catalog.claim([run.id for run in runs]):
                worker.run_worker(root, run.id)
    assert {run.phase for run in store.runs()} == {Phase.DONE}
    return root


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Where the pages of this test keep their runs. Nobody watches, so what is queued stays queued."""
    monkeypatch.setenv("RESNET_LAB_STORE", str(tmp_path / "store"))
    monkeypatch.setattr("app.state.keep_watch", lambda: None)
    state.open_stores.cache_clear()
    st.cache_resource.clear()
    yield tmp_path / "store"
    state.open_stores.cache_clear()


@pytest.fixture
def store(root) -> RunStore:
    return RunStore(root)


@pytest.fixture
def filled(root, small_store) -> RunStore:
    shutil.copytree(small_store, root)
    return RunStore(root)
