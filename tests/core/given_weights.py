"""Small runs that take their weights from a file or leave them in one, and what is in a store of them."""

from pathlib import Path

from safetensors.numpy import load_file

from resnet_core.config import from_flat
from resnet_core.records import encode_step
from resnet_core.runs import places
from resnet_core.runs.store import RunStore

TINY = {"depth": 8, "width": 2, "batch": 8, "steps": 12, "eval_every": 5, "eval_images": 50}
TINY |= {"checkpoint_every": 3}
CONFIG = from_flat(TINY)
OPTIONS = [f"--{name.replace('_', '-')}={value}" for name, value in TINY.items()]


def numbers(store: RunStore, run_id: str) -> list[bytes]:
    """Every number of a run but the time it took."""
    steps = [encode_step(record)[1] for record in store.steps(run_id)]
    return [numbers[:12] + numbers[16:] for numbers in steps]


def weights_at(store: RunStore, run_id: str, step: int) -> dict[str, bytes]:
    return bits_in(places.checkpoints_folder(store.folder(run_id)) / str(step) / "model.safetensors")


def bits_in(path: Path) -> dict[str, bytes]:
    """The tensors of a safetensors file."""
    return {name: array.tobytes() for name, array in load_file(path).items()}
