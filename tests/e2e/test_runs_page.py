"""The page of all runs in a real browser: compared, replayed, exported, deleted, brought back."""

import pytest

from resnet_core.config import from_flat
from resnet_core.runs import worker
from resnet_core.runs.store import RunStore
from tests.e2e.app_server import served
from tests.e2e.page_actions import button, choose_row, wait_for_points

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
pytestmark = pytest.mark.browser

STEPS = 60
SMALL = {"depth": 8, "width": 2, "steps": STEPS, "batch": 4, "eval_every": 20, "eval_images": 20}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Three finished runs: a race of two, and one more of another seed."""
    root = tmp_path_factory.mktemp("runs") / "store"
    store = RunStore(root)
    races = [[from_flat(SMALL | {"skip": skip}) for skip in ("none", "identity")]]
    races += [[from_flat(SMALL | {"skip": "identity", "seed": 1})]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "_prefer_to_be_killed", lambda: None)
        patch.setenv("RESNET_LAB_DEVICE", "cpu")
        for configs in races:
            for run in store.catalog.claim([run.id for run in store.add_race(configs)]):
                worker.run_worker(root, run.id)
    with served(root, RESNET_LAB_SPARES="0") as running:
        yield running


def test_two_runs_are_chosen_and_replayed(server, open_tab):
    runs = server.store.runs()
    with open_tab(f"{server.address}/runs") as page:
        expect(button(page, "Delete")).to_be_disabled()
        choose_row(page, 1)
        page.wait_for_url(f"**runs={runs[1].id}")
        choose_row(page, 2)
        page.wait_for_url(f"**runs={runs[1].id}*{runs[2].id}")
        expect(page.locator(".rl-arm h3")).to_have_text(["plain-8", "ResNet-8"])
        wait_for_points(page, STEPS)
        scrub = page.locator(".rl-scrub")
        for step in (0, 30, STEPS - 1):
            scrub.fill(str(step))
            wait_for_points(page, step + 1)
            expect(page.locator(".rl-step")).to_have_text(f"step {step + 1} of {STEPS}")
        expect(page.get_by_role("heading", name="What was measured")).to_be_visible()
        page.reload()
        wait_for_points(page, STEPS)
        expect(page.locator(".rl-arm h3")).to_have_text(["plain-8", "ResNet-8"])


def test_a_run_opens_as_the_race_it_was(server, open_tab):
    plain = server.store.runs()[1]
    with open_tab(f"{server.address}/runs?runs={plain.id}") as page:
        button(page, "Open in Race").click()
        page.wait_for_url(f"**race={plain.race_id}")
        expect(page.locator(".rl-arm h3")).to_have_text(["plain-8", "ResNet-8"])
        expect(page.locator(".rl-phase")).to_have_text(["finished", "finished"])


def test_a_run_leaves_as_a_zip_is_deleted_and_comes_back(server, open_tab, tmp_path):
    run, target = server.store.runs()[0], tmp_path / "run.zip"
    with open_tab(f"{server.address}/runs?runs={run.id}") as page:
        wait_for_points(page, STEPS)
        with page.expect_download() as download:
            button(page, "Zip").click()
        download.value.save_as(target)
        assert download.value.suggested_filename == f"{run.id}.zip"
        button(page, "Delete").click()
        expect(page.get_by_role("dialog").get_by_text(run.id)).to_be_visible()
        button(page.get_by_role("dialog"), "Delete").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(button(page, "Delete")).to_be_disabled()
        assert run.id not in [other.id for other in server.store.runs()]
        page.get_by_text("Bring a run as a zip").click()
        page.locator("input[type=file]").set_input_files(target)
        button(page, "Import").click()
        expect(page.get_by_text(f"Run {run.id} is here now.")).to_be_visible()
    assert server.store.run(run.id).test_accuracy == run.test_accuracy
    assert server.store.raw_steps(run.id)


@pytest.mark.parametrize(("name", "ending"), [("CSV", "csv.zip"), ("Parquet", "parquet.zip")])
def test_a_run_leaves_as_tables(server, open_tab, tmp_path, name, ending):
    run = server.store.runs()[-1]
    with open_tab(f"{server.address}/runs?runs={run.id}") as page:
        with page.expect_download() as download:
            button(page, name).click()
        assert download.value.suggested_filename == f"{run.id}.{ending}"
        download.value.save_as(tmp_path / ending)
        assert (tmp_path / ending).read_bytes()[:2] == b"PK"
