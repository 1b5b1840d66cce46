"""Unlike members of the family raced in a real browser, with every probe: all charts drawn, no error."""

import pytest

from resnet_core.config import FLAT
from resnet_core.records import QUANTITIES, Phase
from tests.e2e.app_server import are, served
from tests.e2e.page_actions import button, start_race

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
pytestmark = pytest.mark.browser

PROBES = [name for name in FLAT if name.startswith("probe_")]
TINY = "&width=2&steps=20&batch=8&eval_every=10&eval_images=50"
NEWEST = ["now", "end", "heat"]  # the roles of what shows the newest reading
ARMS_DRAWN = """([panel, quantity, roles]) => {
  const plot = document.querySelector(`.rl-${panel} .rl-plot`);
  const shown = (plot.data ?? []).filter(({ x, meta }) => x.length && roles.includes(meta.role));
  const isAsked = (plot.layout?.meta.quantity ?? quantity) === quantity;
  return isAsked && shown.length > 0 && [...new Set(shown.map(({ meta }) => meta.arm))].sort();
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with served(tmp_path_factory.mktemp("members") / "store", RESNET_LAB_SPARES="0") as running:
        yield running


def train_to_the_end(page) -> None:
    start_race(page)
    expect(page.get_by_role("heading", name="What was measured")).to_be_visible()
    expect(page.locator(".rl-phase")).to_have_text(["finished"] * page.locator(".rl-arm").count())


def arms_drawn(page, panel: str, quantity: str = "gradient_norm") -> list[int]:
    """The arms of which a chart shows numbers."""
    page.locator(f".rl-{panel} .rl-plot").scroll_into_view_if_needed()
    return page.wait_for_function(ARMS_DRAWN, arg=[panel, quantity, NEWEST]).json_value()


@pytest.mark.parametrize(
    ("arms", "names", "with_blocks"),
    [
        ("alexnet-8,vgg-11", ["AlexNet", "VGG-11"], []),
        (
            "gated-8~block:single,identity-8,dense-10~growth:2",
            ["Highway-8", "ResNet-8", "DenseNet-10 (k 2)"],
            [0, 1, 2],
        ),
        ("mlp-8~skip:none~width:8,mlp-8~width:8", ["plain MLP-8", "residual MLP-8"], [1]),
    ],
)
def test_unlike_members_race_with_every_probe(server, open_tab, arms, names, with_blocks):
    link = f"{server.address}/?arms={arms}{TINY}" + "".join(f"&{name}=1" for name in PROBES)
    with open_tab(link) as page:
        train_to_the_end(page)
        runs = server.race(page.url)
        assert are(Phase.DONE, runs)
        expect(page.locator(".rl-arm h3")).to_have_text(names)
        every = list(range(len(names)))
        assert arms_drawn(page, "profile") == arms_drawn(page, "heat") == every
        for choice in page.locator(".rl-choices button:visible").all():
            choice.click()
            quantity = choice.get_attribute("data-quantity")
            expected = with_blocks if QUANTITIES[quantity] == "block" else every
            if expected:
                assert set(arms_drawn(page, "extra", quantity)) <= set(expected), quantity


def test_unlike_runs_are_compared_and_their_tables_open(server, open_tab):
    runs = [run for run in server.store.runs() if run.config.model.family != "resnet"][:4]
    with open_tab(f"{server.address}/runs?runs={','.join(run.id for run in runs)}") as page:
        expect(page.get_by_role("heading", name="What was measured")).to_be_visible()
        expect(page.locator(".rl-arm")).to_have_count(len(runs))
        page.get_by_text("The numbers as tables").click()
        expect(page.get_by_text("every step, and every layer and block at one step")).to_have_count(len(runs))


def choose(page, arm: int, title: str) -> None:
    page.get_by_role("combobox", name="Network").nth(arm).click()
    page.get_by_role("option", name=title, exact=True).click()


def test_an_arm_becomes_another_member_and_its_settings_stay_open_while_they_change(server, open_tab):
    with open_tab(server.address) as page:
        sidebar = page.get_by_test_id("stSidebar")
        choose(page, 1, "Highway")
        expect(sidebar.get_by_text("Highway-20")).to_be_visible()
        button(page, "More").nth(1).click()
        bias = page.get_by_role("spinbutton", name="Bias of the gates at the start")
        bias.fill("-5")
        bias.press("Enter")
        page.wait_for_url("**gate_bias**")
        page.get_by_role("radio", name="shortcut").click()
        expect(sidebar.get_by_text("ResNet-20 (gated skip)").first).to_be_visible()
        expect(bias).to_have_value("-5")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="More races").click()
        page.get_by_role("button", name="AlexNet vs VGG-19").click()
        expect(sidebar.get_by_text("VGG-19").first).to_be_visible()
        expect(page.get_by_role("button", name="AlexNet vs VGG-19")).to_be_hidden()
