"""A training state from disk goes on bit for bit; what is torn or foreign is not taken for a checkpoint."""

import json
from functools import cache

import pytest
import torch

from resnet_core.config import from_flat
from resnet_core.records import encode_step
from resnet_core.runs import checkpoint_files as files
from resnet_core.runs.checkpoints import load_checkpoint, load_weights, save_checkpoint
from resnet_core.train import Divergence, initial_state, train

CPU = torch.device("cpu")
TINY = {
    "depth": 8,
    "width": 2,
    "batch": 8,
    "steps": 12,
    "eval_every": 5,
    "eval_images": 50,
    "warmup_steps": 3,
}


def trained(config, steps):
    state = initial_state(config, CPU)
    records = train(config, state, device=CPU)
    return state, [next(records) for _ in range(steps)]


undisturbed = cache(lambda config: trained(config, 12))


def bits(records):
    """All numbers of each step but the time it took."""
    return [(r.step, encode_step(r)[0], encode_step(r)[1][:12] + encode_step(r)[1][16:]) for r in records]


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("more", [{}, {"skip": "none"}, {"momentum": 0}, {"norm": "none"}, {"shortcut": "B"}])
@pytest.mark.parametrize("split", [0, 1, 7, 12])
def test_a_run_continued_from_disk_is_bit_equal(tmp_path, more, split):
    config = from_flat(TINY | more)
    whole, records = undisturbed(config)
    half, first = trained(config, split)
    save_checkpoint(tmp_path, config, half)
    resumed = load_checkpoint(tmp_path, split, config, CPU)
    rest = list(train(config, resumed, device=CPU))
    assert bits(first + rest) == bits(records)
    assert same(whole.model.state_dict(), resumed.model.state_dict())


def test_saving_changes_nothing(tmp_path):
    config = from_flat(TINY)
    state, _ = trained(config, 3)
    before = {name: value.clone() for name, value in state.model.state_dict().items()}
    save_checkpoint(tmp_path, config, state)
    assert same(before, state.model.state_dict())


def test_time_and_divergence_are_kept(tmp_path):
    config = from_flat(TINY)
    state, _ = trained(config, 2)
    state.seconds, state.divergence = 1.25, Divergence(1, "layer1.0.conv1")
    save_checkpoint(tmp_path, config, state)
    found = load_checkpoint(tmp_path, 2, config, CPU)
    assert (found.seconds, found.divergence) == (1.25, Divergence(1, "layer1.0.conv1"))


def test_weights_that_are_not_finite_survive(tmp_path):
    config = from_flat(TINY)
    state, _ = trained(config, 1)
    with torch.no_grad():
        state.model.conv1.weight.fill_(float("nan"))
    save_checkpoint(tmp_path, config, state)
    load_weights(tmp_path, 1, fresh := initial_state(config, CPU).model)
    assert fresh.conv1.weight.isnan().all()


def test_all_weights_stay_and_the_newest_two_can_go_on(tmp_path):
    config = from_flat(TINY)
    state, _ = trained(config, 1)
    for state.step in (0, 5, 10, 15):
        save_checkpoint(tmp_path, config, state)
    assert files.complete_steps(tmp_path) == [0, 5, 10, 15]
    assert files.resumable_steps(tmp_path) == [10, 15]
    load_weights(tmp_path, 0, initial_state(config, CPU).model)


@pytest.mark.parametrize("name", [files.MODEL, files.OPTIMIZER, files.META])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_checkpoint_is_passed_over(tmp_path, name, damage):
    config = from_flat(TINY)
    state, _ = trained(config, 1)
    for state.step in (5, 10):
        save_checkpoint(tmp_path, config, state)
    path = tmp_path / "10" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x80
    {"flip": lambda: path.write_bytes(content), "cut": lambda: path.write_bytes(content[:-1]),
     "remove": path.unlink}[damage]()  # fmt: skip
    assert files.resumable_steps(tmp_path) == [5]


def test_what_a_killed_worker_was_writing_is_no_checkpoint(tmp_path):
    (tmp_path / ".partial-5").mkdir()
    assert files.complete_steps(tmp_path) == files.resumable_steps(tmp_path) == []
    files.remove_partial(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert files.complete_steps(tmp_path / "nowhere") == []


def test_a_checkpoint_of_other_settings_is_refused(tmp_path):
    config = from_flat(TINY)
    save_checkpoint(tmp_path, config, initial_state(config, CPU))
    with pytest.raises(ValueError, match="was made with other settings"):
        load_checkpoint(tmp_path, 0, from_flat(TINY | {"seed": 1}), CPU)


def test_the_sums_are_written_beside_the_files(tmp_path):
    config = from_flat(TINY)
    save_checkpoint(tmp_path, config, initial_state(config, CPU))
    meta = json.loads((tmp_path / "0" / files.META).read_bytes())
    assert set(meta["files"]) == {files.MODEL, files.OPTIMIZER}
    assert all(len(found["sha256"]) == 64 for found in meta["files"].values())
