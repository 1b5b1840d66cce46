"""The Architecture page in a real browser: drawn at every depth, chosen from by mouse and keyboard."""

import json

import pytest

from app.diagram.choice import network_of
from app.diagram.drawing import drawing_of
from tests.e2e.app_server import served

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
pytestmark = pytest.mark.browser

NETWORKS = {
    "depth 8": "identity-8~width:16@cifar10-32",
    "depth 56": "identity-56~width:16@cifar10-32",
    "depth 110": "identity-110~order:pre~width:16@cifar10-32",
    "depth 152": "resnet152",
    "DenseNet-40": "dense-40@cifar10-32",
    "GoogLeNet": "googlenet",
}
PAGES = {
    "light, 1366 px": {"viewport": {"width": 1366, "height": 900}, "color_scheme": "light"},
    "dark, 1920 px": {"viewport": {"width": 1920, "height": 1080}, "color_scheme": "dark"},
}

# Boxes that lie over each other or outside of the drawing, and text that is wider than its bar.
FAULTS = """drawing => {
  const found = [];
  const place = (one) => one.getBoundingClientRect();
  const whole = place(drawing);
  const frames = [...drawing.querySelectorAll(".rd-frame")].map(place);
  frames.forEach((a, i) => {
    if (a.left < whole.left - 1 || a.right > whole.right + 1) found.push(`box ${i} is outside`);
    frames.slice(i + 1).forEach((b, j) => {
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 1 && down > 1) found.push(`boxes ${i} and ${i + j + 1} overlap`);
    });
  });
  for (const glyph of drawing.querySelectorAll(".rd-glyph")) {
    const [shape, ...texts] = [...glyph.children].map(place);
    if (texts.some((text) => text.width > shape.width + 1)) found.push(`${glyph.textContent} is too wide`);
  }
  if (whole.right > innerWidth) found.push("the drawing is wider than the page");
  return found;
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with served(tmp_path_factory.mktemp("architecture") / "store", RESNET_LAB_SPARES="0") as running:
        yield running


def address(server, **link: str) -> str:
    return f"{server.address}/architecture?" + "&".join(f"{name}={value}" for name, value in link.items())


def box(page, block: str, network: int = 0):
    return page.locator(".rd-network").nth(network).locator(f'.rd-box[data-blocks~="{block}"]')


def wait_for_link(page, part: str) -> None:
    page.wait_for_function("part => decodeURIComponent(location.search).includes(part)", arg=part)


@pytest.mark.parametrize("media", PAGES.values(), ids=PAGES)
def test_every_network_is_drawn_without_a_fault(server, open_tab, media):
    for text in NETWORKS.values():
        with open_tab(address(server, first=text), **media) as page:
            drawing = page.locator(".rd-drawing")
            expect(drawing).to_be_visible()
            expect(page.locator(".rd-root").first).to_have_attribute("data-theme", media["color_scheme"])
            assert drawing.locator(".rd-box").count() == len(list(drawing_of(network_of(text).plan).boxes))
            assert drawing.evaluate(FAULTS) == []
            if page.get_by_role("button", name="Open all").count():
                page.get_by_role("button", name="Open all").click()
                expect(page.get_by_role("button", name="Fold repeats")).to_be_visible()
                assert drawing.locator(".rd-box").count() == len(network_of(text).plan.units)
                assert drawing.evaluate(FAULTS) == []


@pytest.mark.parametrize(
    ("text", "block"),
    [
        (NETWORKS["depth 8"], "layer2.0"),
        (NETWORKS["depth 56"], "layer3.0"),
        (NETWORKS["depth 110"], "layer1.0"),
        (NETWORKS["depth 152"], "layer4.2"),
        (NETWORKS["DenseNet-40"], "features.denseblock2.denselayer5"),
        (NETWORKS["GoogLeNet"], "inception4c"),
    ],
    ids=list(NETWORKS),
)
def test_a_click_chooses_a_block_and_shows_its_inside(server, open_tab, text, block):
    with open_tab(address(server, first=text)) as page:
        expect(page.locator(".rd-panel")).to_be_hidden()
        box(page, block).locator(".rd-frame").click(position={"x": 5, "y": 5})
        expect(box(page, block)).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".rd-panel h3")).to_have_text(block)
        expect(page.locator(".rd-formula p").last).to_contain_text("y = ")
        wait_for_link(page, f"block={block}")
        page.reload()
        expect(page.locator(".rd-panel h3")).to_have_text(block)
        page.get_by_role("button", name="close the block").click()
        expect(page.locator(".rd-panel")).to_be_hidden()
        page.wait_for_function("() => !location.search.includes('block')")


def test_the_diagram_is_walked_by_keyboard(server, open_tab):
    with open_tab(address(server, first="identity-56", second="none-56")) as page:
        expect(page.locator(".rd-drawing")).to_have_count(2)
        box(page, "stem").focus()
        for key, reached in (
            ("ArrowRight", "layer1.0"),
            ("ArrowRight", "layer2.0"),
            ("End", "head"),
            ("ArrowLeft", "layer3.1"),
            ("Home", "stem"),
            ("ArrowRight", "layer1.0"),
        ):
            page.keyboard.press(key)
            expect(box(page, reached)).to_be_focused()
        assert "stroke" in outline_of_focus(page)
        page.keyboard.press("ArrowDown")
        expect(box(page, "layer1.0", network=1)).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator(".rd-panel h3")).to_have_text("layer1.0")
        wait_for_link(page, "block=layer1.0")
        expect(page.locator(".rd-one h4")).to_have_text(["ResNet-56", "plain-56"])
        page.keyboard.press("Escape")
        expect(page.locator(".rd-panel")).to_be_hidden()
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="open 9 units, layer1.0 to layer1.8").last).to_be_focused()
        page.keyboard.press("Enter")
        expect(box(page, "layer1.8", network=1)).to_have_attribute("data-blocks", "layer1.8")
        expect(box(page, "layer1.0", network=1)).to_be_focused()


def outline_of_focus(page) -> str:
    """How the focused box is outlined, against any other."""
    frame = box(page, "layer1.0").locator(".rd-frame")
    width = frame.evaluate("one => parseFloat(getComputedStyle(one).strokeWidth)")
    other = box(page, "layer2.0").locator(".rd-frame")
    return "stroke" if width > other.evaluate("one => parseFloat(getComputedStyle(one).strokeWidth)") else ""


def test_the_drawing_stays_the_same_element_over_reruns(server, open_tab):
    with open_tab(address(server, first="identity-20")) as page:
        expect(page.locator(".rd-drawing")).to_be_visible()
        page.locator(".rd-drawing").evaluate("drawing => { drawing.marked = true; }")
        for block in ("layer1.0", "layer2.0", "layer3.0"):
            box(page, block).locator(".rd-frame").click(position={"x": 5, "y": 5})
            wait_for_link(page, f"block={block}")
        page.get_by_text("Paths", exact=True).click()
        wait_for_link(page, "part=paths")
        wait_for_link(page, "first=identity-20@fashion-mnist-16")
        assert page.locator(".rd-drawing").evaluate("drawing => drawing.marked")
        expect(page.locator(".rd-panel h3")).to_have_text("layer3.0")


def test_what_differs_is_marked_and_the_inside_says_where(server, open_tab):
    with open_tab(
        address(server, first="identity-56", second="identity-56~order:pre", block="layer1.3")
    ) as page:
        expect(page.locator(".rd-panel h3")).to_have_text("layer1.3")
        expect(page.locator(".rd-where")).to_have_text(
            "one of 9 units that are built alike, in both networks"
        )
        marks = page.locator(".rd-network").first.locator('.rd-unlike[data-part="branch"]')
        assert marks.count() == page.locator(".rd-network").first.locator(".rd-box").count()
        unlike = page.locator(".rd-one").first.locator(".rd-op-unlike")
        expect(unlike).to_have_count(2)  # the last norm, and the activation behind the addition
        page.get_by_role("button", name="next block").click()
        wait_for_link(page, "block=layer1.4")


def test_the_code_of_two_networks_is_marked_and_copied(server, open_tab):
    link = address(server, first="identity-20", second="none-20", part="code")
    with open_tab(link, permissions=["clipboard-read", "clipboard-write"]) as page:
        expect(page.locator(".rd-code tr").first).to_be_visible()
        expect(page.locator(".rd-toolbar")).to_contain_text("lines differ")
        page.get_by_role("button", name="Copy").first.click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        compile(copied, "network.py", "exec")
        assert "PaddedShortcut" in copied
        with page.expect_download() as download:
            page.get_by_role("button", name="Notebook").first.click()
        assert download.value.suggested_filename == "resnet_20.ipynb"
        assert json.loads(download.value.path().read_text("utf-8"))["nbformat"] == 4


def test_without_the_servers_routes_the_diagram_comes_through_streamlit(tmp_path, open_tab):
    with (
        served(tmp_path / "store", "app/main.py", RESNET_LAB_SPARES="0") as running,
        open_tab(address(running, first="identity-8")) as page,
    ):
        expect(page.locator(".rd-drawing")).to_be_visible()
        box(page, "layer1.0").locator(".rd-frame").click(position={"x": 5, "y": 5})
        wait_for_link(page, "block=layer1.0")
