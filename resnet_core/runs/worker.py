"""The process of one run: takes it, trains it, says how it ended. Torch is imported once the run is taken.

A worker holds the run's lock for life, so a run never has two. It lives in its own session: neither the end
of the server nor a closed terminal ends it.
"""

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from filelock import FileLock, Timeout

from resnet_core.config import RunConfig
from resnet_core.records import Phase, RunInfo, StepRecord
from resnet_core.runs import places
from resnet_core.runs.admission import check_admission
from resnet_core.runs.store import RunStore, write_machine

if TYPE_CHECKING:
    from resnet_core.data.sets import ImageSet
    from resnet_core.runs.live_run import End, LiveRun, Wishes

SECONDS_FOR_LOCK = 5  # a predecessor that is just ending
SECONDS_A_SPEED_LASTS = 3600
READY = "READY"


def run_worker(store_root: Path | str, run_id: str) -> int:
    """Train the run `run_id`, which the supervisor has set to STARTING; returns the exit code."""
    _prefer_to_be_killed()
    return _work(RunStore(store_root), run_id)


def warm_worker(store_root: Path | str) -> int:
    """Import torch, load the default set, then wait for a run id on stdin and become that run's worker.

    The end of stdin, which is the end of the server, ends it.
    """
    _prefer_to_be_killed()
    images = _warmed_up(Path(store_root))
    with suppress(OSError):  # a server that was killed meanwhile may have left a run id behind
        print(READY, flush=True)
    run_id = sys.stdin.readline().strip()
    if not run_id:
        return 0
    store = RunStore(store_root)
    _write_to_log(places.worker_log(store.folder(run_id)))
    return _work(store, run_id, images)


def train_in_foreground(
    store: RunStore,
    config: RunConfig,
    on_step: Callable[[StepRecord], None] = lambda record: None,
    images: "ImageSet | None" = None,
    *,
    weights: Path | None = None,
) -> RunInfo:
    """Train here and now, in the store but past its queue. Ctrl-C stops the run after its step.

    Raises `Refused` when the run would not fit. `images` are those of `config`, if they lie in memory.
    `weights` is a safetensors file to begin with; raises `WeightsError` when it does not fit.
    """
    check_admission([config], store.root)
    run = _entered(store, config, weights)
    try:
        _work(store, run.id, images, on_step)
    except KeyboardInterrupt:  # before there was a step to stop after
        store.catalog.finish(run.id, 1, Phase.STOPPED, "stopped before its first step")
    return store.run(run.id)


def _entered(store: RunStore, config: RunConfig, weights: Path | None) -> RunInfo:
    mine = {"phase": Phase.STARTING, "attempt": 1, "pid": os.getpid(), "pid_created": _created()}
    if weights is None:
        return store.add_race([config], started=time.time(), **mine)[0]
    from resnet_core.runs.checkpoints import begin_with
    from resnet_core.train import initial_state
    from resnet_core.weights import import_weights

    state = initial_state(config)
    import_weights(state.model, weights)  # before anything of the run is there
    prepare = partial(begin_with, config=config, state=state, file=weights.name)
    return store.add_race([config], prepare=prepare, started=time.time(), **mine)[0]


def _work(
    store: RunStore,
    run_id: str,
    images: "ImageSet | None" = None,
    on_step: Callable[[StepRecord], None] = lambda record: None,
) -> int:
    with _taken(store, run_id) as info:
        if info is None:
            return 0
        from resnet_core.runs.live_run import LiveRun, Superseded, Wishes

        with _signals_as(Wishes()) as wishes:
            live = LiveRun(store, info, wishes, on_step)
            try:
                end = _end_of(live, info, images)
                live.finish(end)
            except Superseded:
                live.abandon()
                return 0
            return int(end.phase is Phase.FAILED)


def _end_of(live: "LiveRun", info: RunInfo, images: "ImageSet | None") -> "End":
    """How the run ended; what goes wrong on the way is an end, too, with a reason for people."""
    from resnet_core.runs.live_run import End, Superseded
    from resnet_core.runs.mishaps import is_surprise, reason_of

    try:
        end = live.train(images if images is not None and images_fit(images, info) else None)
        live.close()
    except Superseded:
        raise
    except Exception as error:  # noqa: BLE001 the edge of the process
        if is_surprise(error):
            traceback.print_exc()
        live.abandon()
        return End(Phase.FAILED, reason_of(error, info.config, live.step))
    return end


@contextmanager
def _taken(store: RunStore, run_id: str) -> Iterator[RunInfo | None]:
    """The run, owned by this process; None when another has it or it has ended."""
    lock = FileLock(places.worker_lock(store.folder(run_id)))
    try:
        lock.acquire(timeout=SECONDS_FOR_LOCK)
    except Timeout:
        yield None
        return
    try:
        attempt = store.catalog.register(run_id, os.getpid(), _created())
        yield None if attempt is None else store.catalog.get(run_id)
    finally:
        lock.release()


@contextmanager
def _signals_as(wishes: "Wishes") -> Iterator["Wishes"]:
    """SIGTERM: leave after this step, resumable. SIGINT: stop after this step."""
    if threading.current_thread() is not threading.main_thread():
        yield wishes
        return

    def leave(number: int, frame: object) -> None:
        wishes.leave = True

    def stop(number: int, frame: object) -> None:
        wishes.stop = True

    before = {number: signal.signal(number, act) for number, act in
              ((signal.SIGTERM, leave), (signal.SIGINT, stop))}  # fmt: skip
    try:
        yield wishes
    finally:
        for number, act in before.items():
            signal.signal(number, act)


def _warmed_up(root: Path) -> "ImageSet | None":
    """Everything that takes seconds, done before anyone waits for it."""
    try:
        return _rehearse(root)
    except Exception:  # noqa: BLE001 the run itself will say what is wrong
        traceback.print_exc()
        return None


def _rehearse(root: Path) -> "ImageSet":
    from resnet_core.data.sets import load_images
    from resnet_core.device import describe_device, make_deterministic, measure_speed, pick_device
    from resnet_core.train import train

    config = RunConfig.model_validate({"model": {"depth": 8}, "training": {"steps": 1}})
    make_deterministic(config.training.threads)
    device = pick_device()
    images = load_images(config.data, device)
    with suppress(StopIteration):
        next(train(config, images=images, device=device))
    facts = describe_device(device)
    known = RunStore(root).machine()
    is_known = all(known.get(name) == value for name, value in facts.items())
    if not is_known or time.time() - known.get("measured", 0) > SECONDS_A_SPEED_LASTS:
        write_machine(root, {**facts, **measure_speed(device), "measured": time.time()})
    return images


def images_fit(images: "ImageSet", info: RunInfo) -> bool:
    """Whether a set that lies in memory is the one this run needs."""
    data = info.config.data
    return images.info is data.info and images.side == data.side


def _write_to_log(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)


def _created() -> float:
    return psutil.Process().create_time()


def _prefer_to_be_killed() -> None:
    """When the machine runs out of memory, the kernel should take a run rather than the server."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("800")
