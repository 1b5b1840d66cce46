"""A race of two that has ended, for the pages that measure: trained on the spot, served, waited for."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from resnet_core.config import from_flat
from resnet_core.runs import worker
from resnet_core.runs.store import RunStore
from tests.e2e.app_server import AppServer, served


@contextmanager
def served_race(root: Path, settings: Mapping[str, Any], analysts: int) -> Iterator[AppServer]:
    """The app on plain and residual runs with these settings, which have weights every second step."""
    store = RunStore(root)
    each = {**settings, "checkpoint_every": 2}
    configs = [from_flat({**each, "skip": skip}) for skip in ("none", "identity")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "_prefer_to_be_killed", lambda: None)
        patch.setenv("RESNET_LAB_DEVICE", "cpu")
        for run in store.catalog.claim([run.id for run in store.add_race(configs)]):
            worker.run_worker(root, run.id)
    with served(root, RESNET_LAB_SPARES="0", RESNET_LAB_ANALYSTS=str(analysts)) as running:
        yield running


def both_runs(server: AppServer) -> str:
    """What a link says to show them."""
    first, second = sorted(server.store.runs(), key=lambda run: run.arm)
    return f"first={first.id}&second={second.id}"


def wait_until_measured(page, drawn: str) -> None:
    """Something is `drawn`, a selector, and nothing is being computed any more."""
    page.locator(drawn).first.wait_for()
    from playwright.sync_api import expect  # a machine without it skips the walks

    expect(page.get_by_text("Measuring:")).to_have_count(0)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
