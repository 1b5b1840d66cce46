"""`train`: one run, here and now, without the app; it ends with one JSON line."""

import io
import json
import signal
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import click

from resnet_core.cli.mistakes import Mistake
from resnet_core.cli.progress import Progress
from resnet_core.cli.settings import setting_options
from resnet_core.cli.store_option import store_option
from resnet_core.config import RunConfig, from_flat
from resnet_core.records import Phase, RunInfo
from resnet_core.runs import places
from resnet_core.runs.admission import check_admission
from resnet_core.runs.store import RunStore
from resnet_core.runs.summary import finite_or_none

# As shells count them: a run that was interrupted is not one that ended by itself.
EXIT_CODES = {Phase.FAILED: 2, Phase.STOPPED: 128 + signal.SIGINT, Phase.QUEUED: 128 + signal.SIGTERM}


@click.command()
@setting_options
@click.option("--weights", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="begin with the weights in this safetensors file instead of initial values")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="nothing on stdout but one JSON line")
@store_option
def train(weights: Path | None, as_json: bool, root: Path, **settings: Any) -> None:
    """Train one network and keep the run, without the app.

    The last line on stdout is a JSON object: run_id, phase, reason, steps, loss, test_accuracy, seconds and
    steps_per_second; null stands for what was not measured or is not finite. Ctrl-C stops the run after its
    step and keeps it. The exit code is 0 for DONE and DIVERGED, 130 for STOPPED, 2 for FAILED or a mistake.
    """
    config = from_flat({name: value for name, value in settings.items() if value is not None})
    store, progress = RunStore(root), Progress(config.training.steps)
    store.require_writable()
    check_admission([config], store.root)
    run = _train(store, config, progress, weights)
    if not (as_json and run.phase is Phase.DONE):
        click.echo(_sentence(run, progress, store), err=as_json or run.phase is Phase.FAILED)
    click.echo(json.dumps(_result(run, progress)))
    click.get_current_context().exit(EXIT_CODES.get(run.phase, 0))


def _train(store: RunStore, config: RunConfig, progress: Progress, weights: Path | None) -> RunInfo:
    progress.tell("Starting")
    from resnet_core.data.sets import load_images
    from resnet_core.device import make_deterministic, pick_device
    from resnet_core.runs.worker import train_in_foreground

    make_deterministic(config.training.threads)
    try:
        images = load_images(config.data, pick_device(), progress.tell)
    except ValueError as error:  # a device or a set that is not there
        raise Mistake(str(error)) from error
    log = io.StringIO()
    with redirect_stderr(log):  # a traceback belongs into the log, not under the eyes
        run = train_in_foreground(store, config, progress.step, images, weights=weights)
    progress.close()
    if log.getvalue():
        places.worker_log(store.folder(run.id)).write_text(log.getvalue(), encoding="utf-8")
    return run


def _result(run: RunInfo, progress: Progress) -> dict[str, Any]:
    last = progress.last
    seconds = None if last is None else finite_or_none(last.seconds)
    return {
        "run_id": run.id,
        "phase": run.phase.value,
        "reason": run.reason,
        "steps": run.steps_done,
        "loss": None if last is None else finite_or_none(last.loss),
        "test_accuracy": finite_or_none(run.test_accuracy),
        "seconds": seconds and round(seconds, 3),
        "steps_per_second": round(run.steps_done / seconds, 3) if seconds else None,
    }


def _sentence(run: RunInfo, progress: Progress, store: RunStore) -> str:
    parts = [f"{run.phase}: {run.steps_done} of {run.config.training.steps} steps"]
    if progress.last is not None:
        parts.append(f"in {progress.last.seconds:.1f} s, loss {progress.last.loss:.4g}")
    if run.test_accuracy is not None:
        parts.append(f"test accuracy {run.test_accuracy:.1%}")
    because = f" {run.reason[0].upper()}{run.reason[1:]}." if run.reason else ""
    return f"{', '.join(parts)}.{because} Kept as run {run.id} in {store.root}."
