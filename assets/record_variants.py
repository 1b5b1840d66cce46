"""Measures every variant of He et al. 2016 in real runs, for the Variants page: writes `variants.json`.

`make record-variants`, on a machine with nothing else to do: about half an hour, one run at a time. With a
folder as its argument the runs are kept there, and those that are there already are not made again.
"""

import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from resnet_core.records import RunInfo  # noqa: E402
from resnet_core.runs.store import RunStore  # noqa: E402
from resnet_core.runs.worker import train_in_foreground  # noqa: E402
from resnet_core.trials import Setup, Trial, recording_of, trials_of  # noqa: E402

SETUP = Setup(seeds=3)
TARGET = ROOT / "assets" / "variants.json"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="resnet-lab-") as folder:
        store = RunStore(sys.argv[1] if len(sys.argv) > 1 else folder)
        runs = measure(store, trials_of(store.runs(), SETUP))
        recording = recording_of(SETUP, runs)
    TARGET.write_text(json.dumps(recording, indent=2) + "\n", encoding="utf-8")


def measure(store: RunStore, trials: list[Trial]) -> dict[str, list[RunInfo]]:
    """The ended run of every trial, by variant and then by seed."""
    runs: dict[str, list[RunInfo]] = {}
    for number, trial in enumerate(trials, 1):
        run = trial.measured or train_in_foreground(store, trial.config)
        if not trials_of([run], SETUP)[number - 1].measured:
            sys.exit(f"{run.id} ({trial.variant}) ended as {run.phase}: {run.reason}")
        runs.setdefault(trial.variant, []).append(run)
        accuracy = "diverged" if run.test_accuracy is None else f"{run.test_accuracy:.1%}"
        print(f"{number} of {len(trials)}: {trial.variant}, seed {run.config.seed}: {accuracy}", flush=True)
    return runs


if __name__ == "__main__":
    main()
