"""From a click to the maps of another picture, in a real browser; and what a class that asks alike costs."""

from concurrent.futures import ThreadPoolExecutor
from tempfile import TemporaryDirectory
from unittest.mock import patch

from playwright.sync_api import Page

from benchmarks.live_server import live_server
from benchmarks.scrub import opened_browser
from benchmarks.table import Row
from benchmarks.turns import middle
from resnet_core.analyst.analyst import Analyst
from resnet_core.analyst.pool import Analysts
from resnet_core.config import from_flat
from resnet_core.questions import question
from resnet_core.runs.store import RunStore

BOUND = 300.0  # ms
CLICKS, VISITORS = 12, 300
NETWORK = {"depth": 20, "dataset": "shapes", "side": 32}
PAGE = "saliency?first=identity-20@shapes-32&picture=shapes:100"
CHART = "document.querySelector('.rl-chart')"
IMAGES = f"{CHART}._fullLayout.images.length"
WATCH = f"""
const tiles = {IMAGES};
addEventListener("pointerdown", () => (globalThis.pressedAt = performance.now()), true);
{CHART}.on("plotly_afterplot", () => {{
    if ({IMAGES} >= tiles) globalThis.drawnAt = performance.now();
}});
"""


def measure(quick: bool = False) -> list[Row]:
    with live_server(RESNET_LAB_SPARES="0") as server, opened_browser() as page:
        page.goto(f"{server.address}/{PAGE}")
        page.locator(".rl-chart[aria-label] .main-svg").first.wait_for(timeout=60_000)
        page.wait_for_timeout(4000)
        page.get_by_text("Measuring:").wait_for(state="detached", timeout=120_000)
        page.evaluate(WATCH)
        times = [milliseconds(page) for _ in range(CLICKS // (3 if quick else 1))]
    found = middle(times)
    note = f"{len(times)} clicks, untrained ResNet-20 at 32 pixels, headless Chromium, warm analyst."
    latency = Row("a click on the next picture to the maps of all units", found.median, " ms", found.half,
                  BOUND, note=note)  # fmt: skip
    return [latency, equal_questions()]


def milliseconds(page: Page) -> float:
    page.get_by_test_id("stNumberInputStepUp").first.click()
    page.wait_for_function("globalThis.drawnAt > globalThis.pressedAt")
    page.wait_for_timeout(1500)
    return page.evaluate("drawnAt - pressedAt")


def equal_questions() -> Row:
    """How often one answer is computed for a class that asks for it at the same moment."""
    asked, computed = question("block-maps", from_flat(NETWORK)), []
    answer = Analyst.answer
    with TemporaryDirectory() as folder, patch.object(
        Analyst, "answer", lambda *order: (computed.append(1), answer(*order))[1]
    ):  # fmt: skip
        analysts = Analysts([RunStore(folder)])
        try:
            with ThreadPoolExecutor(VISITORS) as visitors:
                replies = visitors.map(lambda _: analysts.wait([asked], 120)[0].state, range(VISITORS))
                assert set(replies) == {"answered"}
        finally:
            analysts.close()
    return Row(f"computations for {VISITORS} equal questions at once", len(computed), bound=1)
