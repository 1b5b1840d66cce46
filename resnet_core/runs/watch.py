"""The watch as a thread of whichever process keeps it: a server, a notebook, a test. No torch."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from resnet_core.runs.executor import LocalExecutor
from resnet_core.runs.store import RunStore
from resnet_core.runs.supervisor import Supervisor


@contextmanager
def watching(store: RunStore) -> Iterator[None]:
    """Queued runs start and dead workers are replaced inside the block; runs go on after it.

    Where another process watches over the same store already, this one waits for it to end.
    """
    stop = threading.Event()
    supervisor = Supervisor(store, LocalExecutor(store))
    thread = threading.Thread(target=supervisor.run_forever, args=(stop,), name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=1.5)
