"""The page Saliency in a real browser: every part, the visitor's own file, the film, and the steps."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.e2e.measured_race import both_runs, served_race, wait_until_measured

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
pytestmark = pytest.mark.browser

SMALL = {
    "depth": 8,
    "width": 4,
    "steps": 4,
    "batch": 8,
    "eval_every": 4,
    "eval_images": 20,
    "dataset": "shapes",
}
DRAWN = ".rl-chart[aria-label] .main-svg, .grid button img"
PARTS = ("Every depth", "Over training", "Methods", "Worth believing?", "Pointing game", "Pictures")
LOOKS = (
    {"color_scheme": "light"},
    {"color_scheme": "dark", "viewport": {"width": 1920, "height": 1080}},
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A race of two on generated shapes that has ended, with weights every second step."""
    root = tmp_path_factory.mktemp("saliency") / "store"
    with served_race(root, SMALL, analysts=2) as running:
        yield running


def link(server, **more: str) -> str:
    return f"{server.address}/saliency?{both_runs(server)}" + "".join(f"&{k}={v}" for k, v in more.items())


@pytest.mark.parametrize("look", LOOKS, ids=("light", "dark"))
def test_every_part_explains_two_runs(server, open_tab, look):
    with open_tab(link(server), **look) as page:
        wait_until_measured(page, DRAWN)
        for name in PARTS:
            page.get_by_test_id("stButtonGroup").first.get_by_text(name, exact=True).click()
            page.wait_for_url("**show=*" if name != PARTS[0] else "**")
            wait_until_measured(page, DRAWN)
            expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
            width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert width <= 0, f"{name} is wider than the page"


def test_a_network_of_imagenet_is_explained_with_random_weights(server, open_tab):
    with open_tab(link(server, show="imagenet")) as page:
        wait_until_measured(page, DRAWN)
        expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
        expect(page.get_by_text("random").first).to_be_visible()


def test_a_visitors_file_is_explained_and_one_that_is_no_picture_is_refused(server, open_tab):
    with open_tab(link(server)) as page:
        wait_until_measured(page, DRAWN)
        page.get_by_label("Explained picture").click()
        page.get_by_role("option", name="Your own").click()
        page.get_by_test_id("stPopover").get_by_role("button").click()
        chosen = page.locator("input[type=file]").first
        chosen.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"<svg></svg>"})
        expect(page.get_by_text("SVG")).to_be_visible()
        chosen.set_input_files({"name": "b.png", "mimeType": "image/png", "buffer": photo()})
        page.wait_for_url("**picture=file*")
        wait_until_measured(page, DRAWN)
        expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)


def photo() -> bytes:
    file = io.BytesIO()
    rows = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    Image.fromarray(rows).save(file, "png")
    return file.getvalue()


def test_the_film_over_the_steps_is_downloaded(server, chromium):
    # Without `open_tab`: the browser may ask once more for the file when the server has let it go already,
    # which its console then says.
    page = chromium.new_page()
    page.set_default_timeout(60_000)
    page.goto(link(server, show="over-training", step="2"))
    wait_until_measured(page, DRAWN)
    with page.expect_download() as download:
        page.get_by_role("button", name="Film (GIF)").click()
    with Image.open(download.value.path()) as film:
        assert film.format == "GIF"
        assert film.n_frames == 3  # steps 0, 2 and 4
    page.close()
