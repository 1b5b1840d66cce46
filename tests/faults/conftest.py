"""Fault tests run small workers on the CPU, two at a time, and leave none behind."""

import threading

import pytest

from resnet_core.runs.executor import LocalExecutor
from resnet_core.runs.store import RunStore
from resnet_core.runs.supervisor import Supervisor
from tests.faults.scene import end_all, train_undisturbed


@pytest.fixture(autouse=True)
def _small_machine(monkeypatch):
    monkeypatch.setenv("RESNET_LAB_SPARES", "0")
    monkeypatch.setenv("RESNET_LAB_SLOTS", "2")
    monkeypatch.setenv("RESNET_LAB_DEVICE", "cpu")


@pytest.fixture
def store(tmp_path):
    made = RunStore(tmp_path / "store")
    yield made
    end_all(made)


@pytest.fixture
def watched(store):
    """The store, with a supervisor in a thread of this process."""
    stop = threading.Event()
    supervisor = Supervisor(store, LocalExecutor(store))
    thread = threading.Thread(target=supervisor.run_forever, args=(stop,))
    thread.start()
    yield store
    stop.set()
    thread.join()


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """The result of an undisturbed run of some settings, trained once."""
    known = {}

    def result(config):
        if config not in known:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("RESNET_LAB_DEVICE", "cpu")
                known[config] = train_undisturbed(tmp_path_factory.mktemp("undisturbed"), config)
        return known[config]

    return result
