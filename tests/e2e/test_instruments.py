"""The pages of instruments in a real browser: each of them, on untrained networks and on runs, by step."""

import pytest

from resnet_core.config import from_flat
from resnet_core.runs import worker
from resnet_core.runs.store import RunStore
from tests.e2e.app_server import served

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
pytestmark = pytest.mark.browser

SMALL = {"depth": 8, "width": 2, "steps": 6, "batch": 4, "eval_every": 6, "eval_images": 20}
UNTRAINED = "first=none-8~width:2&second=identity-8~width:2"
GRADIENTS = (
    "Profile",
    "Two paths",
    "Slow motion",
    "Path lengths",
    "Shattered gradients",
    "Updates and noise",
)
SIGNAL = (
    "Variance", "How much does a block do?", "Feature maps", "Values", "If it stopped here",
    "Singular values",
)  # fmt: skip
CHART = ".rl-chart[aria-label] .main-svg"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A race of two that has ended, with weights every second step."""
    root = tmp_path_factory.mktemp("instruments") / "store"
    store = RunStore(root)
    configs = [from_flat(SMALL | {"skip": skip, "checkpoint_every": 2}) for skip in ("none", "identity")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "_prefer_to_be_killed", lambda: None)
        patch.setenv("RESNET_LAB_DEVICE", "cpu")
        for run in store.catalog.claim([run.id for run in store.add_race(configs)]):
            worker.run_worker(root, run.id)
    with served(root, RESNET_LAB_SPARES="0", RESNET_LAB_ANALYSTS="1") as running:
        yield running


def wait_until_measured(page) -> None:
    """The first chart is drawn, and nothing is being computed any more."""
    page.locator(CHART).first.wait_for()
    expect(page.get_by_text("Measuring:")).to_have_count(0)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def runs_of(server) -> str:
    first, second = sorted(server.store.runs(), key=lambda run: run.arm)
    return f"first={first.id}&second={second.id}"


@pytest.mark.parametrize(
    ("view", "instruments", "look"),
    [
        ("gradients", GRADIENTS, {"color_scheme": "light"}),
        ("signal", SIGNAL, {"color_scheme": "dark", "viewport": {"width": 1920, "height": 1080}}),
    ],
    ids=("gradients", "signal"),
)
def test_every_instrument_draws_untrained_networks(server, open_tab, view, instruments, look):
    with open_tab(f"{server.address}/{view}?{UNTRAINED}", **look) as page:
        wait_until_measured(page)
        for name in instruments:
            page.get_by_test_id("stButtonGroup").first.get_by_text(name, exact=True).click()
            page.wait_for_url("**show=*" if name != instruments[0] else "**")
            wait_until_measured(page)
            expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
            width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert width <= 0, f"{name} is wider than the page"


def test_the_scrubber_goes_through_the_kept_steps_and_stays_in_the_address(server, open_tab):
    with open_tab(f"{server.address}/gradients?{runs_of(server)}") as page:
        wait_until_measured(page)
        expect(page.get_by_text("after 6 updates")).to_be_visible()
        told = []
        for step in (4, 2, 0):
            told.append(page.locator(".rl-chart").first.get_attribute("aria-label"))
            page.get_by_role("slider").first.focus()
            page.keyboard.press("ArrowLeft")
            page.wait_for_url(f"**step={step}")
            expect(
                page.get_by_text("initial values" if step == 0 else f"after {step} updates")
            ).to_be_visible()
            wait_until_measured(page)
        assert len({*told, page.locator(".rl-chart").first.get_attribute("aria-label")}) == 4


def test_a_changed_figure_is_drawn_into_the_same_place(server, open_tab):
    with open_tab(f"{server.address}/gradients?{runs_of(server)}&step=2") as page:
        wait_until_measured(page)
        page.evaluate("document.querySelector('.rl-chart').dataset.mine = 'yes'")
        page.get_by_role("slider").first.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_url("**step=4")
        wait_until_measured(page)
        assert page.locator(".rl-chart[data-mine=yes]").count() == 1


def test_back_propagation_is_walked_with_the_keyboard(server, open_tab):
    with open_tab(f"{server.address}/gradients?{UNTRAINED}&show=slow-motion") as page:
        wait_until_measured(page)
        expect(page.get_by_text("forward, unit 1 of")).to_have_count(2)
        page.keyboard.press("ArrowRight")
        expect(page.get_by_text("forward, unit 2 of")).to_have_count(2)
        page.keyboard.press("Shift+ArrowRight")
        expect(page.get_by_text("backward, unit 1 of")).to_have_count(2)
