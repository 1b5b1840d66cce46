"""The server as a process: it ends when told, says that a port is taken, and its page works without it."""

import subprocess
import sys

import pytest

from resnet_core.records import Phase
from tests.e2e.app_server import ROOT, are, served, wait_until
from tests.e2e.page_actions import COUNT_POINTS, start_race

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect

LINK = "/?arms=none-8%2Cidentity-8&steps=3000&width=2&eval_images=100"


@pytest.mark.browser
@pytest.mark.hurried
@pytest.mark.parametrize("script", ["app/main.py", "app/server.py"])
def test_a_race_is_seen_live_and_goes_on_when_the_server_ends(tmp_path, open_tab, script):
    """Also without the server's own routes, as on a host that runs one script."""
    with served(tmp_path / "store", script) as server:
        with open_tab(server.address + LINK) as page:
            start_race(page)
            page.wait_for_function(f"{COUNT_POINTS} > 20")
            expect(page.locator(".rl-phase")).to_have_text(["training", "training"])
            address = page.url
        server.process.terminate()
        ended = wait_until(lambda: server.process.poll() is not None, "the server ends", 10)
        assert ended < 2 or script == "app/main.py"  # only the server itself promises it
        before = [run.steps_done for run in server.race(address)]
        wait_until(
            lambda: all(
                run.steps_done > steps for run, steps in zip(server.race(address), before, strict=True)
            ),
            "both runs go on without a server",
        )
        assert are(Phase.RUNNING, server.race(address))
        server.store.request_stop([run.id for run in server.race(address)])
        wait_until(lambda: are(Phase.STOPPED, server.race(address)), "both runs stop without a server")


def test_a_port_in_use_is_said(tmp_path):
    with served(tmp_path / "store", RESNET_LAB_SPARES="0") as server:
        command = [sys.executable, "-m", "streamlit", "run", "app/server.py", "--server.headless", "true"]
        second = subprocess.run(
            [*command, "--server.port", str(server.port)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
    said = second.stdout + second.stderr
    assert second.returncode != 0
    assert f"Port {server.port} is" in said
    assert "Traceback" not in said
