"""Whatever happens to a zip on its way: it is refused, or what comes in can be read."""

import random
from contextlib import suppress

import pytest

from resnet_core.records import StepRecord
from resnet_core.runs.archive import ArchiveError, unpack_run
from resnet_core.runs.store import RunStore
from tests.core.zips import contents, files_in, with_sums, zip_of


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Between one and twenty random bytes changed, a piece cut out, doubled, or overwritten."""
    damaged = bytearray(content)
    start = chance.randrange(len(damaged))
    end = min(len(damaged), start + chance.choice([1, 4, 100, 5000]))
    kind = chance.choice(["flip", "flip", "list", "cut", "double", "fill", "shorten"])
    if kind == "flip":
        for _ in range(chance.choice([1, 1, 5, 20])):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    elif kind == "list":  # where the names and sizes are
        damaged[chance.randrange(len(damaged) - 700, len(damaged))] = chance.randrange(256)
    elif kind == "cut":
        del damaged[start:end]
    elif kind == "double":
        damaged[start:start] = damaged[start:end]
    elif kind == "fill":
        damaged[start:end] = bytes([chance.choice([0, 255, 80])]) * (end - start)
    else:
        del damaged[start:]
    return bytes(damaged)


MODEL = "checkpoints/3/model.safetensors"
SEEDS = [*range(12), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(12, 200))]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_damaged_zip_is_refused_or_harmless(tmp_path, packed, seed):
    """Damage may hit what nobody reads, such as a date; then the run is the run."""
    chance, store = random.Random(seed), RunStore(tmp_path)
    whole = unpack_run(store, packed)
    numbers = store.raw_steps(whole.id)
    store.delete(whole.id)
    nothing = files_in(store)
    for _ in range(20):
        with suppress(ArchiveError):
            assert unpack_run(store, mutated(packed, chance)) == whole
            assert store.raw_steps(whole.id) == numbers
            store.delete(whole.id)
        assert files_in(store) == nothing


@pytest.mark.parametrize("seed", SEEDS)
def test_a_damaged_file_with_the_right_sum_is_refused_or_readable(tmp_path, packed, seed):
    """What gets past the sums must be something that every reader of the store can read."""
    chance, store, files = random.Random(1000 + seed), RunStore(tmp_path), contents(packed)
    nothing = files_in(store)
    for _ in range(15):
        name = chance.choice(
            ["config.json", "metrics.db", "metrics.db", "metrics.db", MODEL, "manifest.json"]
        )
        damaged = files | {name: mutated(files[name], chance)}
        with suppress(ArchiveError):
            run = unpack_run(store, zip_of(damaged) if name == "manifest.json" else with_sums(damaged))
            assert all(isinstance(record, StepRecord) for record in store.steps(run.id))
            store.pictures(run.id)
            store.delete(run.id)
        assert files_in(store) == nothing
