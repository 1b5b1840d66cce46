"""What ended a run, said in one sentence to the person who started it."""

import errno
import sqlite3

import torch

from resnet_core.config import RunConfig
from resnet_core.data.sets import DataUnavailable
from resnet_core.runs.catalog import StoreError
from resnet_core.runs.durable import DiskFull

_FULL = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)
_NO_MEMORY = ("can't allocate memory", "not enough memory", "out of memory")


def reason_of(error: BaseException, config: RunConfig, step: int) -> str:
    """A sentence without a traceback: what happened, and what to do where something can be done."""
    if _is_disk_full(error):
        return _disk_full(error, step)
    if _is_out_of_memory(error):
        training = config.training
        return (
            f"memory ran out at step {step} with batches of {training.batch} at depth {config.model.depth} "
            f"and width {config.model.width}; choose a smaller batch, width or depth"
        )
    if isinstance(error, DataUnavailable | StoreError):
        return str(error)
    text = " ".join(str(error).split())[:200] or "no message"
    return f"an error at step {step}: {type(error).__name__}: {text} (the whole of it is in worker.log)"


def is_surprise(error: BaseException) -> bool:
    """Whether the error may be a mistake of ours, so that its traceback is worth keeping."""
    return not (
        _is_disk_full(error) or _is_out_of_memory(error) or isinstance(error, DataUnavailable | StoreError)
    )


def _is_disk_full(error: BaseException) -> bool:
    if isinstance(error, DiskFull):
        return True
    if isinstance(error, sqlite3.Error):
        return "disk is full" in str(error)
    # safetensors reports a failed write as text only
    return (isinstance(error, OSError) and error.errno in _FULL) or "No space left on device" in str(error)


def _disk_full(error: BaseException, step: int) -> str:
    if isinstance(error, DiskFull):
        return f"stopped at step {step}: {error}"
    return f"the disk was full at step {step}; delete some runs or choose another RESNET_LAB_STORE"


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY)
