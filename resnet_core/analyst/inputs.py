"""What a question is about: weights of a run, or a visitor's picture. No torch."""

import hashlib
from pathlib import Path

from resnet_core.config import RunConfig
from resnet_core.questions import Question, question
from resnet_core.runs.store import RunStore, StoreError
from resnet_core.uploads.bounds import check_bytes

UPLOAD = "upload"
_FILE = "file:"


def question_about_file(data: bytes) -> Question:
    """The question `upload` about the bytes of a visitor's file. Raises ValueError for too many, or none."""
    check_bytes(data)
    return _upload(_FILE + hashlib.sha256(data).hexdigest())


def upload_before(asked: Question) -> Question | None:
    """The question `upload` whose answer this one is about; None where it is about no visitor's picture."""
    picture = getattr(asked.options, "picture", None)
    is_about_file = isinstance(picture, str) and picture.startswith(_FILE)
    return _upload(picture) if is_about_file and asked.instrument != UPLOAD else None


def weights_of(store: RunStore, asked: Question) -> Path | None:
    """The file with the weights that a question is about; None where it is about initial values.

    Raises `StoreError` where the run has none of that step, or has trained another network.
    """
    if not asked.run_id:
        return None
    if store.run(asked.run_id).config.model != asked.config.model:
        raise StoreError(f"run {asked.run_id} has trained a network of other settings")
    _check_recording(store, asked)
    try:
        return store.weights_file(asked.run_id, asked.step)
    except OSError as error:  # deleted at this moment
        raise StoreError(f"the weights of run {asked.run_id} cannot be read: {error.strerror}") from error


def _check_recording(store: RunStore, asked: Question) -> None:
    steps = store.checkpoints(asked.run_id) if store.read_only_because else [asked.step]
    if asked.step not in steps:
        there = f"with the weights of step {steps[-1]} alone" if steps else "without its weights"
        raise StoreError(
            f"the recording {asked.run_id} comes {there}; of step {asked.step} only what was measured before "
            "can be shown"
        )


def _upload(picture: str) -> Question:
    return question(UPLOAD, RunConfig(), options={"picture": picture})
