"""The command line: an option for each setting, and one JSON line at the end."""

import json
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from click.testing import CliRunner

from resnet_core.cli import main
from resnet_core.config import FLAT, bounds, from_flat
from resnet_core.records import Phase
from tests.core.command_line import RESULT, ROOT, SMALL, call, start

# options


def test_every_setting_is_an_option_with_its_default_and_bounds():
    told = " ".join(CliRunner().invoke(main, ["train", "--help"], terminal_width=200).stdout.split())
    for name in FLAT:
        assert f"--{name.replace('_', '-')} " in told
        for bound in bounds(name).values():
            assert str(bound) in told
    assert "--depth INTEGER weighted layers: 6n+2, or as block and family allow [default: 56; 5 to" in told
    assert "--skip none|identity|scaled|gated|conv1x1|dropout|dense what goes past each unit" in told
    assert "--augment / --no-augment" in told


@pytest.mark.parametrize(
    "command",
    [
        ["--help"], ["train", "--help"], ["runs", "list"], ["runs", "--help"], ["weights", "--help"],
        ["analyze", "--help"],
    ],
)  # fmt: skip
def test_help_and_lists_start_at_once_and_without_torch(tmp_path, command):
    store = ["--store", str(tmp_path)] if command[-1] == "list" else []
    program = (
        "import sys; from resnet_core.cli import main; main(sys.argv[1:], standalone_mode=False); "
        "sys.exit(','.join({'torch', 'pandas', 'pyarrow', 'streamlit'} & set(sys.modules)) or 0)"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(
        [sys.executable, "-c", program, *command, *store], cwd=ROOT, capture_output=True, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0


def test_settings_are_read_by_the_core_alone():
    assert from_flat({"depth": "8", "augment": True}).model.depth == 8


# train


def test_training_ends_with_one_json_line(store):
    result = call(store, "train", *SMALL, "--steps", "3", "--skip", "none", "--seed", "7", "--no-augment")
    assert result.exit_code == 0
    sentence, line = result.stdout.splitlines()
    told = json.loads(line)
    assert list(told) == RESULT
    run = store.run(told["run_id"])
    assert (run.phase, run.config.seed, run.config.model.skip) == (Phase.DONE, 7, "none")
    last = store.steps(run.id)[-1]
    assert np.float32(told["loss"]) == np.float32(last.loss)
    assert told["steps"] == 3
    assert told["test_accuracy"] == pytest.approx(last.evaluation.accuracy)
    assert told["steps_per_second"] == pytest.approx(3 / told["seconds"], rel=0.1)
    assert sentence.startswith("DONE: 3 of 3 steps, in ")
    assert sentence.endswith(f"Kept as run {run.id} in {store.root}.")


@pytest.mark.parametrize(
    ("settings", "family"),
    [
        (["--family", "vgg", "--depth", "11"], "vgg"),
        (["--skip", "dense", "--depth", "7", "--growth", "2"], "resnet"),
        (["--family", "mlp", "--depth", "8", "--skip", "gated", "--gate-bias", "-4"], "mlp"),
    ],
)
def test_any_member_can_be_trained(store, settings, family):
    result = call(store, "train", *SMALL, *settings, "--steps", "2", "--json")
    assert result.exit_code == 0
    run = store.run(json.loads(result.stdout)["run_id"])
    assert (run.phase, run.config.model.family) == (Phase.DONE, family)


def test_with_json_there_is_nothing_else_on_stdout(store):
    result = call(store, "train", *SMALL, "--steps", "2", "--json")
    assert json.loads(result.stdout)["phase"] == "DONE"
    assert result.stdout.count("\n") == 1


def test_divergence_is_a_result(store):
    result = call(
        store, "train", *SMALL, "--steps", "30", "--norm", "none", "--learning-rate", "1000", "--json"
    )
    assert result.exit_code == 0
    told = json.loads(result.stdout)  # strict: Python's own reader would take NaN, but there is none
    assert "NaN" not in result.stdout
    assert (told["phase"], told["loss"]) == ("DIVERGED", None)
    assert "stopped being finite" in told["reason"]


def test_the_same_command_gives_the_same_losses(store):
    told = [json.loads(call(store, "train", *SMALL, "--steps", "2", "--json").stdout) for _ in range(2)]
    first, second = (store.raw_steps(line["run_id"]) for line in told)
    seconds = 3  # the place of the one number that is allowed to differ
    for (_, _, a), (_, _, b) in zip(first, second, strict=True):
        np.testing.assert_array_equal(
            np.delete(np.frombuffer(a, "<f4"), seconds), np.delete(np.frombuffer(b, "<f4"), seconds)
        )


def test_ctrl_c_stops_the_run_and_keeps_it(store):
    train = start("train", *SMALL, "--steps", "100000", "--store", str(store.root), "--json")
    try:
        while not (runs := store.runs()) or runs[0].steps_done == 0:
            assert train.poll() is None
            time.sleep(0.01)
        train.send_signal(signal.SIGINT)
        stdout, stderr = train.communicate(timeout=60)
    finally:
        train.kill()
    assert train.returncode == 130
    assert "Traceback" not in stderr
    told = json.loads(stdout)
    assert told["phase"] == "STOPPED"
    assert told["steps"] == len(store.steps(told["run_id"])) > 0
    assert f"Kept as run {told['run_id']}" in stderr
    assert store.checkpoints(told["run_id"])[-1] == told["steps"]
