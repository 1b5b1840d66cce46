"""The pages of instruments in a real browser: each of them, on untrained networks and on runs, by step."""

import pytest

from tests.e2e.measured_race import both_runs, served_race, wait_until_measured

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
LAYOUT = "document.querySelector('.rl-chart')._fullLayout"
RANGES = f"[{LAYOUT}.xaxis.range, {LAYOUT}.yaxis.range]"
INK = f"{LAYOUT}.font.color"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A race of two that has ended, with weights every second step."""
    root = tmp_path_factory.mktemp("instruments") / "store"
    with served_race(root, SMALL, analysts=1) as running:
        yield running


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
        wait_until_measured(page, CHART)
        for name in instruments:
            page.get_by_test_id("stButtonGroup").first.get_by_text(name, exact=True).click()
            page.wait_for_url("**show=*" if name != instruments[0] else "**")
            wait_until_measured(page, CHART)
            expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
            width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert width <= 0, f"{name} is wider than the page"


def test_the_scrubber_goes_through_the_kept_steps_in_the_address_and_on_one_chart(server, open_tab):
    with open_tab(f"{server.address}/gradients?{both_runs(server)}") as page:
        wait_until_measured(page, CHART)
        page.evaluate("document.querySelector('.rl-chart').dataset.mine = 'yes'")
        expect(page.get_by_text("after 6 updates")).to_be_visible()
        told = []
        for step in (4, 2, 0):
            told.append(page.locator(".rl-chart").first.get_attribute("aria-label"))
            page.get_by_role("slider").first.focus()
            page.keyboard.press("ArrowLeft")
            page.wait_for_url(f"**step={step}")
            expect(
                page.get_by_text("Both: initial values" if step == 0 else f"after {step} updates")
            ).to_be_visible()
            wait_until_measured(page, CHART)
        assert len({*told, page.locator(".rl-chart").first.get_attribute("aria-label")}) == 4
        assert page.locator(".rl-chart[data-mine=yes]").count() == 1


def test_back_propagation_is_walked_with_the_keyboard(server, open_tab):
    with open_tab(f"{server.address}/gradients?{UNTRAINED}&show=slow-motion") as page:
        wait_until_measured(page, CHART)
        expect(page.get_by_text("forward, unit 1 of")).to_have_count(2)
        page.keyboard.press("ArrowRight")
        expect(page.get_by_text("forward, unit 2 of")).to_have_count(2)
        page.keyboard.press("Shift+ArrowRight")
        expect(page.get_by_text("backward, unit 1 of")).to_have_count(2)


def test_playing_begins_at_the_first_step_and_ends_at_the_last(server, open_tab):
    with open_tab(f"{server.address}/gradients?{both_runs(server)}") as page:
        wait_until_measured(page, CHART)
        page.get_by_role("button", name="Play the steps").click()
        slider = page.get_by_role("slider").first
        for step in (0, 2, 4, 6):
            expect(slider).to_have_attribute("aria-valuetext", f"step {step}")
        page.wait_for_url("**step=6")
        expect(page.get_by_role("button", name="Play the steps")).to_be_visible()


def test_a_zoom_stays_from_step_to_step_until_a_double_click(server, open_tab):
    with open_tab(f"{server.address}/gradients?{both_runs(server)}&step=4") as page:
        wait_until_measured(page, CHART)
        whole, place = ranges(page), page.locator(".rl-chart").first.bounding_box()
        page.mouse.move(place["x"] + 300, place["y"] + 100)
        page.mouse.down()
        page.mouse.move(place["x"] + 600, place["y"] + 250, steps=4)
        page.mouse.up()
        page.wait_for_function(f"() => JSON.stringify({RANGES}) !== '{whole}'")
        zoomed = ranges(page)
        page.get_by_role("slider").first.focus()
        page.keyboard.press("ArrowLeft")
        page.wait_for_url("**step=2")
        wait_until_measured(page, CHART)
        assert ranges(page) == zoomed
        page.mouse.dblclick(place["x"] + 400, place["y"] + 150)
        page.wait_for_function(f"() => JSON.stringify({RANGES}) !== '{zoomed}'")


def test_a_chart_follows_the_theme_of_the_page(server, open_tab):
    with open_tab(f"{server.address}/gradients?{UNTRAINED}", color_scheme="light") as page:
        wait_until_measured(page, CHART)
        light = page.evaluate(INK)
        page.emulate_media(color_scheme="dark")
        page.wait_for_function(f"() => {INK} !== '{light}'")
        assert page.evaluate(INK) != light


def ranges(page) -> str:
    return page.evaluate(f"JSON.stringify({RANGES})")
