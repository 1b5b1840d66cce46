"""Calls of the command line, in this process and in one of its own."""

import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from resnet_core.cli import main
from resnet_core.runs.store import RunStore

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--depth", "8", "--width", "2", "--batch", "4", "--eval-images", "10"]
RESULT = ["run_id", "phase", "reason", "steps", "loss", "test_accuracy", "seconds", "steps_per_second"]


def call(store: RunStore | Path, *arguments: str, answer: str | None = None) -> Result:
    root = store.root if isinstance(store, RunStore) else store
    return CliRunner().invoke(main, [*arguments, "--store", str(root)], input=answer)


def assert_mistake(result: Result, *words: str):
    """Exit code 2, nothing on stdout, and on stderr only sentences."""
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr


def start(*arguments: str) -> subprocess.Popen:
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "resnet_core", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)
