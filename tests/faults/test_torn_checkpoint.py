"""A worker that dies between any two files of a checkpoint: the newest whole one is found all the same."""

import os
import shutil
from pathlib import Path

import pytest
import torch

from resnet_core.runs import checkpoint_files, durable
from resnet_core.runs.checkpoints import load_checkpoint, save_checkpoint
from resnet_core.train import initial_state
from tests.faults.scene import small_run

CONFIG = small_run(steps=20)
CPU = torch.device("cpu")


class Killed(BaseException):
    """Stands for SIGKILL: nothing after it runs, and the files stay as they are."""


class Blade:
    """Counts the calls that touch the disk and strikes before, or in the middle of, the one it is told."""

    def __init__(self, monkeypatch, strike: int | None):
        self.calls, self.strike = 0, strike
        for owner, name in (
            (os, "fsync"), (os, "replace"), (Path, "rename"), (Path, "mkdir"), (Path, "unlink"),
            (shutil, "rmtree"), (checkpoint_files, "sha256"), (durable, "sync_folder"),
        ):  # fmt: skip
            monkeypatch.setattr(owner, name, self._guarded(getattr(owner, name)))

    def _guarded(self, call):
        def guarded(*args, **kwargs):
            self.calls += 1
            if self.calls == self.strike:
                raise Killed
            return call(*args, **kwargs)

        return guarded


def states():
    state = initial_state(CONFIG, CPU)
    for state.step in (0, 10, 20):
        yield state


def count_calls(tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        counted = Blade(patch, strike=None)
        for state in states():
            save_checkpoint(tmp_path, CONFIG, state)
    return counted.calls


def test_whatever_call_is_the_last_the_newest_whole_checkpoint_is_found(tmp_path):
    calls = count_calls(tmp_path / "whole")
    assert calls > 30
    for strike in range(1, calls + 1):
        folder = tmp_path / str(strike)
        finished = save_until(strike, folder)
        found = checkpoint_files.resumable_steps(folder)
        assert found[-1:] in ([finished[-1]] if finished else [], [[0, 10, 20][len(finished)]]), strike
        if found:
            assert load_checkpoint(folder, found[-1], CONFIG, CPU).step == found[-1]
        checkpoint_files.remove_partial(folder)
        save_checkpoint(folder, CONFIG, next(states()))  # the next worker can write here
        assert not list(folder.glob(".partial-*"))


def save_until(strike, folder):
    """The steps whose saving came back before the blade struck."""
    finished = []
    with pytest.MonkeyPatch.context() as patch:
        Blade(patch, strike)
        try:
            for state in states():
                save_checkpoint(folder, CONFIG, state)
                finished.append(state.step)
        except Killed:
            pass
    return finished


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.safetensors", "meta.json"])
def test_half_a_file_is_no_checkpoint(tmp_path, name):
    for state in states():
        save_checkpoint(tmp_path, CONFIG, state)
    path = tmp_path / "20" / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert checkpoint_files.resumable_steps(tmp_path) == [10]
