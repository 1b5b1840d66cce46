"""Scrubbing in a real browser over the bundled recording: from the key to the chart that shows the step."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, sync_playwright

from app.state import RECORDINGS
from benchmarks.live_server import live_server
from benchmarks.table import Row
from benchmarks.turns import middle
from resnet_core.runs.store import RunStore

BOUND = 300.0  # ms
INSTRUMENTS = (("gradients", "profile"), ("gradients", "two-paths"), ("signal", "feature-maps"))
PRESSES = 12
WATCH = """
addEventListener("keydown", () => (globalThis.pressedAt = performance.now()), true);
document.querySelector(".rl-chart").on("plotly_afterplot", () => (globalThis.drawnAt = performance.now()));
"""


def measure(quick: bool = False) -> list[Row]:
    runs = sorted(RunStore(RECORDINGS, writable=False).runs(), key=lambda run: run.arm)
    query = f"first={runs[0].id}&second={runs[1].id}"
    with live_server(RESNET_LAB_SPARES="0") as server, opened_browser() as page:
        return [
            row(page, f"{server.address}/{view}?{query}&show={name}", name, PRESSES // (3 if quick else 1))
            for view, name in INSTRUMENTS
        ]


def row(page: Page, address: str, name: str, presses: int) -> Row:
    """The median over `presses` steps to earlier and later weights."""
    page.goto(address)
    page.locator(".rl-chart[aria-label] .main-svg").first.wait_for(timeout=60_000)
    page.wait_for_timeout(3000)
    page.get_by_text("Measuring:").wait_for(state="detached", timeout=120_000)
    page.evaluate(WATCH)
    page.get_by_role("slider").first.focus()
    times = [milliseconds(page, "ArrowLeft" if i % 6 < 3 else "ArrowRight") for i in range(presses)]
    found = middle(times)
    note = f"{name}: {presses} presses of an arrow key on plain-56 and ResNet-56, headless Chromium."
    return Row(f"a step further to the chart that shows it, {name}", found.median, " ms", found.half, BOUND,
               note=note)  # fmt: skip


def milliseconds(page: Page, key: str) -> float:
    page.keyboard.press(key)
    page.wait_for_function("globalThis.drawnAt > globalThis.pressedAt")
    spent = page.evaluate("drawnAt - pressedAt")
    page.wait_for_timeout(500)
    return spent


@contextmanager
def opened_browser() -> Iterator[Page]:
    with sync_playwright() as driver:
        path = os.environ.get("RESNET_LAB_CHROMIUM") or None
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser.new_page(viewport={"width": 1366, "height": 900})
        browser.close()
