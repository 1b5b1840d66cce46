"""The page of variants in a real browser: what is missing is measured, survives a reload, can be opened."""

import pytest

from resnet_core.records import Phase
from resnet_core.runs.store import RunStore
from resnet_core.trials import Setup, configs_of
from tests.e2e.app_server import served
from tests.e2e.page_actions import choose_row

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
pytestmark = pytest.mark.browser

SETUP = Setup(depth=8, steps=30)
LINK = "variants?depth=8&steps=30"
MISSING = ("original", "pre")
MEANS = "document.querySelector('.js-plotly-plot')?.data?.filter(t => t.meta?.startsWith('mean'))"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """All variants but two, as the catalog has runs that have ended."""
    root = tmp_path_factory.mktemp("variants") / "store"
    store = RunStore(root)
    for key, config in configs_of(SETUP):
        if key not in MISSING:
            [run] = store.catalog.claim([store.add_race([config])[0].id])
            store.catalog.update(run.id, run.attempt, steps_done=30, test_accuracy=0.3)
            store.catalog.finish(run.id, run.attempt, Phase.DONE)
    with served(root, RESNET_LAB_SPARES="0") as running:
        yield running


def wait_for_means(page, count: int) -> None:
    page.wait_for_function(f"{MEANS}?.reduce((sum, t) => sum + t.x.length, 0) === {count}", timeout=120_000)


def test_what_is_missing_is_measured_and_opened(server, open_tab):
    with open_tab(f"{server.address}/{LINK}") as page:
        wait_for_means(page, 13)
        page.get_by_role("button", name="Measure the missing 2").click()
        expect(page.get_by_test_id("stProgress")).to_contain_text("13 of 15 measured")
        page.reload()
        expect(page.get_by_text("15 of 15 are measured on this machine.")).to_be_visible(timeout=120_000)
        wait_for_means(page, 15)
        expect(page.get_by_role("button", name="Nothing is missing")).to_be_disabled()
        choose_row(page, 0)  # full pre-activation, the paper's best
        button = page.get_by_role("button", name="Open in Runs")
        expect(button).to_be_enabled()
        button.click()
        [run] = [run for run in server.store.runs() if run.config.model.order == "pre"]
        page.wait_for_url(f"**/runs?runs={run.id}")
        expect(page.locator(".rl-step")).to_have_text("step 30 of 30")
    assert run.phase is Phase.DONE
    assert len(server.store.raw_steps(run.id)) == 30
