"""A server reduced to what survives it: the watch over one store. Started and killed by the fault tests."""

import signal
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from resnet_core.runs.executor import LocalExecutor
from resnet_core.runs.store import RunStore
from resnet_core.runs.supervisor import Supervisor


def main(root: str) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    store = RunStore(root)
    Supervisor(store, LocalExecutor(store)).run_forever(stop)


if __name__ == "__main__":
    main(sys.argv[1])
