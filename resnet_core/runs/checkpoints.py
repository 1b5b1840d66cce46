"""Training states to checkpoints and back, bit for bit: weights, buffers, optimizer state, step, seconds."""

from functools import partial
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from resnet_core.config import RunConfig
from resnet_core.runs.catalog import StoreError
from resnet_core.runs.checkpoint_files import (
    MODEL,
    OPTIMIZER,
    is_whole,
    read_meta,
    weights_sum,
    write_checkpoint,
)
from resnet_core.runs.origin import Origin, plain_name, read_origin, write_origin
from resnet_core.runs.places import checkpoints_folder
from resnet_core.train import Divergence, TrainingState, initial_state
from resnet_core.weights import storable


def save_checkpoint(folder: Path, config: RunConfig, state: TrainingState) -> None:
    """Keep `state` as folder/STEP; `folder` is the run's checkpoints folder."""
    facts = {
        "config": config.digest(),
        "seconds": state.seconds,
        "divergence": None if state.divergence is None else list(state.divergence),
    }
    writers = {
        MODEL: partial(_save, state.model.state_dict()),
        OPTIMIZER: partial(_save, _optimizer_tensors(state)),
    }
    write_checkpoint(folder, state.step, facts, writers)


def load_checkpoint(folder: Path, step: int, config: RunConfig, device: torch.device) -> TrainingState:
    """The state of folder/STEP. Raises ValueError when it belongs to other settings."""
    meta = read_meta(folder, step)
    if meta.get("config") != config.digest():
        raise ValueError(f"checkpoint {step} in {folder} was made with other settings")
    state = initial_state(config, device)
    load_weights(folder, step, state.model)
    _restore_optimizer(state, load_file(folder / str(step) / OPTIMIZER))
    state.step, state.seconds = step, meta["seconds"]
    state.divergence = None if meta["divergence"] is None else Divergence(*meta["divergence"])
    return state


def load_weights(folder: Path, step: int, model: nn.Module) -> None:
    """Weights and buffers of folder/STEP into `model`; what only the optimizer needs is not looked at."""
    model.load_state_dict(load_file(folder / str(step) / MODEL))


def begin_with(run_folder: Path, config: RunConfig, state: TrainingState, file: str) -> None:
    """Make `state`, whose weights are from `file`, the beginning of a run that is not in the catalog yet."""
    try:
        save_checkpoint(checkpoints_folder(run_folder), config, state)
    except SafetensorError as error:  # how it reports a failed write
        raise StoreError(f"the weights cannot be kept in {run_folder}: {error}") from error
    sha256 = weights_sum(checkpoints_folder(run_folder), state.step)
    write_origin(run_folder, Origin(file=plain_name(file), sha256=sha256))


def restore_beginning(run_folder: Path, model: nn.Module) -> None:
    """Give a fresh `model` the weights that its run began with, if those were given.

    Raises `StoreError` when they are no longer there: the run must not begin with others.
    """
    origin, folder = read_origin(run_folder), checkpoints_folder(run_folder)
    if origin is None:
        return
    if not is_whole(folder, 0) or weights_sum(folder, 0) != origin.sha256:
        raise StoreError(
            f"the weights of {origin.file} that this run began with are damaged or gone; "
            "begin a new run with that file"
        )
    load_weights(folder, 0, model)


def _save(tensors: dict[str, Tensor], path: Path) -> None:
    save_file(storable(tensors), path)


def _optimizer_tensors(state: TrainingState) -> dict[str, Tensor]:
    """SGD's momentum buffers by parameter name; before the first update there are none."""
    names = {parameter: name for name, parameter in state.model.named_parameters()}
    return {
        f"{names[parameter]}.{key}": value
        for parameter, values in state.optimizer.state.items()
        for key, value in values.items()
        if value is not None
    }


def _restore_optimizer(state: TrainingState, tensors: dict[str, Tensor]) -> None:
    parameters = dict(state.model.named_parameters())
    for name, value in tensors.items():
        parameter_name, _, key = name.rpartition(".")
        parameter = parameters[parameter_name]
        state.optimizer.state[parameter][key] = torch.empty_like(parameter).copy_(value)
