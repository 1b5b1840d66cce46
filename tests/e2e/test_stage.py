"""The stage in a real Chromium: it draws what Python draws, keeps its nodes and its zoom, and stays quiet."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from app.figures.curves import curves, fill_curves
from app.figures.heat import fill_heat_maps, heat_maps
from app.figures.history import history_of
from app.figures.profile import fill_profile, profile
from app.figures.theme import LIGHT, arms
from app.live.captions import EXTRAS
from resnet_core.config import to_flat
from resnet_core.records import Phase
from resnet_core.runs.store import RunStore
from tests.e2e.page_actions import CURVES, axis_ranges, button, wait_for_points, zoom
from tests.e2e.stage_race import LAYOUT, STEPS, Race

playwright = pytest.importorskip("playwright.sync_api")
playwright.expect.set_options(timeout=30_000)
pytestmark = pytest.mark.browser

HERE = Path(__file__).parent
CHROMIUM = os.environ.get("RESNET_LAB_CHROMIUM") or shutil.which("chromium-headless-shell")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

# runs, and a server that shows them


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> RunStore:
    return RunStore(tmp_path_factory.mktemp("stage") / "store")


@pytest.fixture(scope="module")
def finished(store) -> Race:
    race = Race(store, Phase.DONE)
    race.write(STEPS)
    return race.close()


@pytest.fixture(scope="module")
def server(store):
    """Streamlit with our routes."""
    yield from served("stage_server.py", store)


@pytest.fixture(scope="module")
def bare_server(store):
    """Plain Streamlit, where script and numbers come through the page itself."""
    yield from served("stage_page.py", store)


def served(script: str, store: RunStore):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    command += ["--server.headless=true", "--server.address=127.0.0.1", "--server.fileWatcherType=none"]
    command += ["--browser.gatherUsageStats=false"]
    environment = os.environ | {"RESNET_LAB_STORE": str(store.root)}
    process = subprocess.Popen(command, cwd=HERE, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def wait_for(address: str, process: subprocess.Popen, seconds: float = 60) -> None:
    give_up = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(address, timeout=1).close()
            return
        except OSError:
            assert process.poll() is None, "the server ended by itself"
            assert time.monotonic() < give_up, "the server does not answer"
            time.sleep(0.2)


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@contextmanager
def tab(chromium, **media):
    """A tab whose console must stay without an error; a request that fails is no error of ours."""
    opened = chromium.new_page(viewport={"width": 1366, "height": 1700}, **media)
    opened.set_default_timeout(60_000)
    errors = []
    opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    opened.close()
    assert [text for text in errors if not text.startswith("Failed to load resource")] == []


@pytest.fixture
def page(chromium):
    with tab(chromium) as opened:
        yield opened


@pytest.fixture(scope="module")
def replay(chromium, server, finished):
    """One tab with a replay, for the tests that only look."""
    with tab(chromium) as opened:
        show(opened, finished.address(server, "replay"))
        wait_for_points(opened, STEPS)
        yield opened


def show(page, address: str) -> None:
    page.goto(address)
    page.wait_for_function("document.querySelectorAll('.rl-plot .main-svg').length >= 4")


def drawn(page, panel: str) -> list[dict]:
    """What a chart shows now; a gap is null."""
    return page.evaluate(
        f"document.querySelector('.rl-{panel} .rl-plot').data"
        ".map(({x, y, z, meta}) => JSON.parse(JSON.stringify({x, y, z, meta})))"
    )


def plain(values) -> list:
    array = np.asarray(values if values is not None else [], float)
    return np.where(np.isnan(array), None, array).tolist()


def assert_same(shown: list[dict], figure) -> None:
    assert len(shown) == len(figure.data)
    for found, expected in zip(shown, figure.data, strict=True):
        assert found["meta"] == expected.meta
        assert found["x"] == plain(expected.x), expected.meta
        if expected.type == "heatmap":
            nothing = np.empty((0, 0))
            expected_cells = nothing if expected.z is None else np.array(expected.z, float)
            cells = np.array(found["z"], float) if found["z"] else nothing
            np.testing.assert_allclose(cells, expected_cells.reshape(cells.shape), rtol=1e-12)
        else:
            assert found["y"] == plain(expected.y), expected.meta


# what it shows


@pytest.mark.parametrize("step", [0, 205, STEPS - 1])
def test_the_page_draws_what_python_draws(replay, finished, step):
    replay.locator(".rl-scrub").fill(str(step))
    wait_for_points(replay, step + 1)
    replay.wait_for_timeout(500)
    looks = arms([to_flat(run.config) for run in finished.runs])
    histories = [history_of(finished.store.steps(run.id), LAYOUT, STEPS).until(step) for run in finished.runs]
    assert_same(drawn(replay, "curves"), fill_curves(curves(looks, LIGHT), histories))
    assert_same(drawn(replay, "profile"), fill_profile(profile(looks, LIGHT), histories))
    assert_same(drawn(replay, "heat"), fill_heat_maps(heat_maps(looks, LIGHT), histories))
    for quantity, label in EXTRAS.items():
        button(replay, label).click()
        replay.wait_for_function(
            f"document.querySelector('.rl-extra .rl-plot').data[0].meta.quantity === '{quantity}'"
        )
        assert_same(drawn(replay, "extra"), fill_profile(profile(looks, LIGHT, quantity), histories))


def test_what_no_network_shown_has_is_not_offered(page, server, finished):
    show(page, f"{server}/?runs={finished.runs[0].id}&mode=replay&embed=true")  # its arm has no gates
    button(page, "gains").click()
    playwright.expect(page.locator(".rl-extra .rl-key-tick")).to_have_text("step 0")
    playwright.expect(button(page, "gates")).to_be_hidden()


def test_pictures_say_what_each_arm_saw(replay):
    replay.locator(".rl-scrub").press("End")
    rows = replay.locator(".rl-sheet tr")
    playwright.expect(rows).to_have_count(4)
    assert rows.nth(2).locator("th").inner_text().strip() == "plain-56: 2 of 12"
    assert "✓ T-shirt" in rows.nth(2).inner_text()
    assert "✗ T-shirt" in rows.nth(2).inner_text()
    assert "✓ trouser" in rows.nth(3).inner_text()
    assert (
        rows.nth(0).locator("[role=img]").first.get_attribute("aria-label") == "a training picture: T-shirt"
    )


def test_charts_have_words_for_those_who_do_not_see_them(replay):
    replay.locator(".rl-scrub").press("End")
    replay.wait_for_function(
        "document.querySelector('.rl-plot').getAttribute('aria-label').includes('smoothed loss not finite')"
    )
    words = replay.locator(".rl-plot").evaluate_all("plots => plots.map(p => p.getAttribute('aria-label'))")
    assert all(word and word.endswith(".") for word in words)


# how it lives


@pytest.mark.parametrize("kind", ["server", "bare_server"])
def test_nodes_and_zoom_outlive_ten_updates_and_the_page_hears_the_end(request, page, kind, store):
    race = Race(store)
    race.write(20)
    show(page, race.address(request.getfixturevalue(kind), "live"))
    wait_for_points(page, 20)
    page.evaluate("document.querySelectorAll('.rl-plot, .rl-arm').forEach((node) => (node.isTagged = true))")
    zoom(page, end=250)
    zoomed = axis_ranges(page)
    for update in range(1, 11):
        race.write(20 + 4 * update)
        wait_for_points(page, 20 + 4 * update)
    page.get_by_role("button", name="Run the page again").click()
    page.wait_for_timeout(700)
    assert axis_ranges(page) == zoomed
    assert page.evaluate("[...document.querySelectorAll('.rl-plot, .rl-arm')].every((node) => node.isTagged)")
    page.get_by_role("button", name="Whole view").click()
    page.wait_for_function(f"{CURVES}.layout.xaxis.range[1] === {STEPS}")
    end(race)
    playwright.expect(page.get_by_text("all ended: True")).to_be_visible()
    playwright.expect(page.locator(".rl-phase").first).to_have_text("finished")


def end(race: Race) -> None:
    race.close()
    for run in race.runs:
        race.store.catalog.finish(run.id, run.attempt, Phase.DONE)


def test_a_lost_connection_is_said_and_comes_back(page, server, store):
    race = Race(store)
    race.write(10)
    show(page, race.address(server, "live"))
    page.route("**/delta*", lambda route: route.abort())
    playwright.expect(page.get_by_text("Connection lost, trying again")).to_be_visible()
    page.unroute("**/delta*")
    race.write(20)
    wait_for_points(page, 20)
    playwright.expect(page.get_by_text("Connection lost")).to_be_hidden()
    end(race)


def test_a_recording_plays_by_itself_and_can_be_stopped(page, server, finished):
    show(page, finished.address(server, "recording"))
    playwright.expect(page.get_by_text("Recording", exact=True)).to_be_visible()
    before = page.locator(".rl-scrub").input_value()
    page.wait_for_function(f"document.querySelector('.rl-scrub').value !== '{before}'")
    button(page, "Pause").press("Enter")
    button(page, "Play").wait_for()
    page.locator(".rl-scrub").press("Home")
    playwright.expect(page.locator(".rl-step")).to_have_text(f"step 1 of {STEPS}")


def test_a_dark_recording_stands_still_for_those_who_want_no_motion(chromium, server, finished):
    with tab(chromium, reduced_motion="reduce") as page:
        show(page, finished.address(server, "recording") + "&embed_options=dark_theme")
        playwright.expect(page.locator(".rl-step")).to_have_text(f"step {STEPS} of {STEPS}")
        button(page, "Play").wait_for()
        assert page.evaluate(f"{CURVES}.data[0].line.color") == "#f5a623"
