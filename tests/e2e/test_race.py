"""The race in a real browser, on the server of `make run`: trained, watched, paused, stopped, found again.

The arms of a race keep both cores of a small machine busy while the page has to answer within a second.
"""

import re
import time

import pytest

from app.state import RECORDINGS
from resnet_core.records import Phase
from tests.e2e.app_server import AppServer, are, served, wait_until
from tests.e2e.page_actions import (
    COUNT_POINTS,
    CURVES,
    axis_ranges,
    button,
    start_race,
    wait_until_drawn,
    zoom,
)

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
pytestmark = pytest.mark.browser

RACE = "/?arms=none-20%2Cidentity-20&steps=4000&width=4&eval_images=100"
SHORT_RACE = "/?arms=none-8%2Cidentity-8&steps=30&width=2&eval_images=100"
PROMISED_SECOND = 1.0


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with served(tmp_path_factory.mktemp("race") / "store") as running:
        yield running


@pytest.fixture
def race(server, open_tab):
    """A page with a race that trains, and the end of that race."""
    with open_tab(server.address + RACE) as page:
        train(page)
        yield page
        server.stop_races()


def train(page) -> None:
    """Starts the race and waits for the first point."""
    start_race(page)
    page.wait_for_function(f"{COUNT_POINTS} > 0")


def steps_shown(page) -> list[int]:
    texts = page.locator(".rl-pace").all_inner_texts()
    return [
        int(match[1].replace(",", "")) for text in texts if (match := re.match(r"step ([\d,]+) of", text))
    ]


def steps_done(server: AppServer, page) -> list[int]:
    return [run.steps_done for run in server.race(page.url)]


# before and at the start


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="there is no recording in assets/recordings")
def test_the_first_page_plays_a_recording_that_says_so(server, open_tab):
    with open_tab(server.address) as page:
        expect(page.get_by_text("Recording", exact=True)).to_be_visible()
        expect(page.locator(".rl-arm h3")).to_have_text(["plain-56", "ResNet-56"])
        page.wait_for_function("Number(document.querySelector('.rl-scrub').value) > 3")
        expect(button(page, "Stop")).to_be_disabled()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(server, open_tab, scheme):
    with open_tab(server.address, color_scheme=scheme) as page:
        heading = page.get_by_role("heading", name="What does the skip connection change?")
        expect(heading).to_be_visible()
        page.wait_for_selector(".rl-plot .xtick text")
        background = luminance(
            page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
        )
        assert (background > 0.5) == (scheme == "light")
        for text in (heading, page.locator(".rl-arm h3").first, page.locator(".rl-caption").first):
            assert (
                contrast(luminance(text.evaluate("node => getComputedStyle(node).color")), background) > 4.5
            )
        tick = page.evaluate("getComputedStyle(document.querySelector('.rl-plot .xtick text')).fill")
        assert contrast(luminance(tick), background) > 4.5


def luminance(color: str) -> float:
    """Relative luminance of a computed colour (WCAG 2.2); transparency is taken as none."""
    numbers = [float(number) for number in re.findall(r"[\d.]+", color)[:3]]
    parts = [part if color.startswith("color(") else part / 255 for part in numbers]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def test_a_short_race_runs_to_its_card(server, open_tab):
    with open_tab(server.address + SHORT_RACE) as page:
        began = time.monotonic()
        train(page)
        assert time.monotonic() - began < 30
        expect(page.get_by_role("heading", name="What was measured")).to_be_visible()
        expect(page.locator(".rl-phase")).to_have_text(["finished", "finished"])
        expect(button(page, "Stop")).to_be_disabled()
        assert are(Phase.DONE, server.race(page.url))


def test_a_setting_out_of_bounds_is_said_and_cannot_be_trained(server, open_tab):
    with open_tab(server.address) as page:
        wait_until_drawn(page)
        depths = page.get_by_role("spinbutton", name="Depth")
        expect(depths).to_have_count(2)
        depth = depths.first
        depth.fill("7")
        depth.press("Enter")
        expect(page.get_by_text("arm 1: depth: 7 is below the smallest possible value, 8")).to_be_visible()
        expect(button(page, "Train")).to_be_disabled()
        depth.fill("20")
        depth.press("Enter")
        expect(button(page, "Train")).to_be_enabled()


# while it trains


def test_the_chart_stays_the_same_node_with_its_zoom_over_ten_updates(race):
    # Plotly makes a node a chart; while the page goes over to the race there is a moment without one.
    race.wait_for_function(f"typeof {CURVES}?.on === 'function'")
    race.evaluate(
        f"""() => {{
            const plot = {CURVES};
            plot.isTagged = true;
            plot.updates = 0;
            plot.on("plotly_afterplot", () => plot.updates++);
        }}"""
    )
    zoom(race, end=2000)
    zoomed = axis_ranges(race)
    before = race.evaluate(f"({CURVES}.updates = 0, {COUNT_POINTS})")
    race.wait_for_function(f"{CURVES}.updates >= 10")
    assert race.evaluate(COUNT_POINTS) > before
    assert race.evaluate(f"{CURVES}.isTagged")
    assert axis_ranges(race) == zoomed


@pytest.mark.hurried
def test_pause_step_resume_and_stop_answer(race, server):
    button(race, "Pause").click()
    paused = wait_until(lambda: are(Phase.PAUSED, server.race(race.url)), "both runs are paused")
    assert paused < PROMISED_SECOND
    expect(race.locator(".rl-phase")).to_have_text(["paused", "paused"])
    step_together(race, server)
    together = steps_done(server, race)
    step_together(race, server)
    assert steps_done(server, race) == [together[0] + 1] * 2
    button(race, "Resume").click()
    wait_until(lambda: min(steps_done(server, race)) > together[0] + 10, "both runs go on")
    stop(race, server)


def stop(page, server: AppServer) -> None:
    """What was measured until then is kept and shown."""
    button(page, "Stop").click()
    stopped = wait_until(lambda: are(Phase.STOPPED, server.race(page.url)), "both runs are stopped")
    assert stopped < PROMISED_SECOND
    expect(page.locator(".rl-phase")).to_have_text(["stopped", "stopped"])
    expect(page.get_by_role("heading", name="What was measured")).to_be_visible()
    expect(button(page, "Stop")).to_be_disabled()
    assert min(steps_done(server, page)) > 0


def step_together(page, server: AppServer) -> None:
    """One press of Step: the arms end at the same step, further than the first of them was."""
    before = steps_done(server, page)
    due = max(before) + (before[0] == before[1])
    expect(button(page, "Step")).to_be_enabled()
    button(page, "Step").click()
    wait_until(lambda: steps_done(server, page) == [due, due], f"both runs are at step {due}")
    expect(page.locator(".rl-phase")).to_have_text(["paused", "paused"])
    page.wait_for_function(
        "step => [...document.querySelectorAll('.rl-pace')].every((pace) => pace.innerText.startsWith(step))",
        arg=f"step {due:,} of",
    )


def test_a_reload_finds_the_race_and_two_tabs_see_the_same(race, server, open_tab):
    wait_until(lambda: min(steps_done(server, race)) > 0, "both runs have begun")
    reached = min(steps_done(server, race))
    race.reload()
    race.wait_for_function(f"{COUNT_POINTS} >= {reached}")
    with open_tab(race.url) as other:
        other.wait_for_function(f"{COUNT_POINTS} >= {reached}")
        assert other.locator(".rl-arm h3").all_inner_texts() == race.locator(".rl-arm h3").all_inner_texts()
        for ahead, behind in ((race, other), (other, race)):
            seen = max(steps_shown(ahead))
            behind.wait_for_function(
                "seen => [...document.querySelectorAll('.rl-pace')].some("
                "(pace) => parseInt(pace.textContent.slice(5).replaceAll(',', '')) >= seen)",
                arg=seen,
                timeout=3_000,  # a poll is half a second
            )
        button(other, "Stop").click()
        expect(race.locator(".rl-phase")).to_have_text(["stopped", "stopped"])
        expect(race.get_by_role("heading", name="What was measured")).to_be_visible()


def test_a_second_race_waits_for_its_turn_and_says_its_place(race, server, open_tab):
    with open_tab(server.address + SHORT_RACE) as other:
        button(other, "Train").click()
        expect(other.get_by_text("waiting, place 1 in the queue")).to_have_count(2)
        button(race, "Stop").click()
        expect(other.locator(".rl-phase")).to_have_text(["finished", "finished"])
        assert are(Phase.STOPPED, server.race(race.url))
