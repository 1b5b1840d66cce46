"""Makes what is bundled from real runs: the recorded race of the first page, and the README's picture of it.

`make record`, on a machine with nothing else to do: about five minutes. The race is the app's default one.
With it come the weights of its last step, and what the instruments and the maps find at every kept one, since
the weights of all steps would be larger.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from resnet_core.analyst.answers import answer_file, write_answer  # noqa: E402
from resnet_core.options import PIXEL_METHODS  # noqa: E402
from resnet_core.questions import INSTRUMENTS, question  # noqa: E402
from resnet_core.race import DEFAULT_ARMS, race_configs  # noqa: E402
from resnet_core.records import Phase, RunInfo  # noqa: E402
from resnet_core.runs.checkpoint_files import META, MODEL  # noqa: E402
from resnet_core.runs.places import checkpoints_folder  # noqa: E402
from resnet_core.runs.store import RunStore  # noqa: E402
from resnet_core.runs.watch import watching  # noqa: E402

RECORDINGS = ROOT / "assets" / "recordings"
PICTURE = ROOT / "assets" / "race.png"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="resnet-lab-") as folder:
        store = RunStore(folder)
        runs = train_race(store)
        keep_recording(store, runs)
        take_picture(folder, runs[0].race_id)


def train_race(store: RunStore) -> list[RunInfo]:
    """Trains the default race to its end."""
    runs = store.create_race(race_configs({}, DEFAULT_ARMS))
    with watching(store):
        while not all(run.phase.has_ended for run in runs):
            runs = store.race(runs[0].race_id)
            print(*(f"{run.steps_done}/{run.config.training.steps}" for run in runs), end="\r", flush=True)
            time.sleep(1)
    failed = [run for run in runs if run.phase is not Phase.DONE]
    if failed:
        sys.exit("; ".join(f"{run.id} ended as {run.phase}: {run.reason}" for run in failed))
    return runs


def keep_recording(store: RunStore, runs: list[RunInfo]) -> None:
    """Replaces the bundled recording by `runs`, without their logs and all but their last weights."""
    shutil.rmtree(RECORDINGS, ignore_errors=True)
    kept = RunStore(RECORDINGS)
    for run in runs:
        scratch = RECORDINGS / f"{run.id}.new"
        scratch.mkdir()
        for name in ("config.json", "metrics.db"):
            shutil.copyfile(store.folder(run.id) / name, scratch / name)
        kept.adopt(run, scratch)
        keep_last_weights(store, kept, run)
        keep_answers(store, kept, run)


def keep_last_weights(store: RunStore, kept: RunStore, run: RunInfo) -> None:
    """So that whatever is asked about the trained network can be answered; its momentum is left out."""
    weights = store.weights_file(run.id)
    folder = checkpoints_folder(kept.folder(run.id)) / weights.parent.name
    folder.mkdir(parents=True)
    for name in (MODEL, META):
        shutil.copyfile(weights.with_name(name), folder / name)


def keep_answers(store: RunStore, kept: RunStore, run: RunInfo) -> None:
    """What the pages ask about a run at each kept step, as long as nothing else is chosen."""
    from resnet_core.data.sets import load_images
    from resnet_core.device import make_deterministic, pick_device
    from resnet_core.instruments import answer

    make_deterministic(run.config.training.threads)
    images = load_images(run.config.data, pick_device())
    for step in store.checkpoints(run.id):
        weights = store.weights_file(run.id, step)
        for name, options in usual_questions(int(images.test_labels[0])):
            asked = question(name, run.config, run_id=run.id, step=step, options=options)
            print(f"{run.id} step {step}: {name:<20}", end="\r", flush=True)
            write_answer(answer_file(kept, asked), answer(asked, weights, images))


def usual_questions(label: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Instruments with their options. The pointing game needs other pictures, the gallery too much room.

    Maps over training are those of the `label` of the first test picture.
    """
    yield "block-maps", {"target": label}
    for name, kind in INSTRUMENTS.items():
        if name == "pixel-map":
            yield from ((name, {"method": method}) for method in PIXEL_METHODS)
        elif kind.needs_network and name not in ("pointing-game", "gallery"):
            yield name, {}


def take_picture(store_folder: str, race_id: str) -> None:
    """The page of the finished race, as a laptop shows it."""
    with served(store_folder) as address, opened_browser() as browser:
        page = browser.new_page(viewport={"width": 1500, "height": 1560})
        page.goto(f"{address}/?race={race_id}")
        page.get_by_text("What was measured").wait_for()
        page.wait_for_timeout(3000)  # the charts settle
        page.screenshot(path=PICTURE)


@contextmanager
def opened_browser() -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = os.environ.get("RESNET_LAB_CHROMIUM") or None
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def served(store_folder: str) -> Iterator[str]:
    """The address of the app on the runs of a folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app/server.py", "--server.headless", "true"]
    server = subprocess.Popen(
        [*command, "--server.port", str(port)],
        cwd=ROOT,
        env={**os.environ, "RESNET_LAB_STORE": store_folder, "RESNET_LAB_SPARES": "0"},
    )
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _wait_for(address: str) -> None:
    for _ in range(120):
        try:
            urllib.request.urlopen(address, timeout=1)
            return
        except OSError:
            time.sleep(0.25)
    sys.exit(f"The server did not answer at {address} within 30 s.")


if __name__ == "__main__":
    main()
