"""Where answers and visitors' files lie: in stores, or in a folder that goes with the server. No torch."""

import os
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from resnet_core.analyst.answers import FOLDER, answer_file, read_answer
from resnet_core.findings import Finding
from resnet_core.questions import Question
from resnet_core.runs.store import RunStore, StoreError


class Places:
    """The stores, the first of which takes the answers about initial values, and a scratch folder beside.

    For any number of threads.
    """

    def __init__(self, stores: Sequence[RunStore]):
        self._stores, self._lock = tuple(stores), threading.Lock()
        self._scratch: tempfile.TemporaryDirectory | None = None

    def store_of(self, question: Question) -> RunStore:
        """The store that takes the answer. Raises `StoreError` where the run is in none."""
        if not question.run_id:
            return self._stores[0]
        for store in self._stores:
            if store.folder(question.run_id).is_dir():
                return store
        raise StoreError(f"there is no run {question.run_id} in the store of this machine")

    def kept(self, question: Question) -> Finding | None:
        """The answer, where one is kept that can be read. Raises `StoreError` like `store_of`."""
        findings = (read_answer(file, question) for file in self._with_answer(question))
        return next((finding for finding in findings if finding is not None), None)

    def kept_file(self, question: Question) -> Path | None:
        """The file of an answer that can be read."""
        files = self._with_answer(question)
        return next((file for file in files if read_answer(file, question) is not None), None)

    def for_answer(self, store: RunStore, question: Question) -> list[Path]:
        """Where an answer may go, best first: one that the store cannot take still is one."""
        file, spare = answer_file(store, question), []
        with suppress(OSError):
            spare = [self.scratch() / FOLDER / file.name]
        return spare if store.read_only_because else [file, *spare]

    def write_pending(self, data: bytes) -> Path:
        """Puts a visitor's file, as it came, where nobody but this user can read it. Raises ValueError."""
        try:
            descriptor, name = tempfile.mkstemp(dir=self.scratch())
        except OSError as error:
            raise _not_taken(error) from error
        try:
            with open(descriptor, "wb") as file:
                file.write(data)
        except OSError as error:
            os.unlink(name)
            raise _not_taken(error) from error
        return Path(name)

    def scratch(self) -> Path:
        """A folder for this user alone, which is made when it is needed."""
        with self._lock:
            self._scratch = self._scratch or tempfile.TemporaryDirectory(prefix="resnet-lab-")
            return Path(self._scratch.name)

    def clear(self) -> None:
        """Removes the scratch folder with all that is in it."""
        if self._scratch is not None:
            self._scratch.cleanup()

    def _with_answer(self, question: Question) -> list[Path]:
        """What lies in the scratch folder is newer: it was put there when the store could not take it."""
        stores = [self.store_of(question)] if question.run_id else self._stores
        files = [answer_file(place, question) for place in stores]
        if self._scratch is not None:
            files.insert(0, self.scratch() / FOLDER / files[0].name)
        return files


def _not_taken(error: OSError) -> ValueError:
    return ValueError(f"the file cannot be taken: {error.strerror or error}")
