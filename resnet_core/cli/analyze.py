"""`analyze`: point an instrument at a run or at a network of given settings, and print its numbers."""

import json
from pathlib import Path
from typing import Any

import click
import numpy as np

from resnet_core.analyst.answers import write_answer
from resnet_core.cli.mistakes import Mistake
from resnet_core.cli.settings import setting_options
from resnet_core.cli.store_option import existing_store, store_option
from resnet_core.config import SettingsError, from_flat, parse
from resnet_core.findings import Finding
from resnet_core.questions import INSTRUMENTS, Question, question

_INSTRUMENTS = "\n".join(f"  {name:<18}{kind.title}" for name, kind in INSTRUMENTS.items())


@click.command(epilog=f"\b\nInstruments:\n{_INSTRUMENTS}")
@click.argument("instrument", metavar="INSTRUMENT", type=click.Choice(list(INSTRUMENTS)))
@click.option("--run", "run_id", metavar="ID", default="", help="look at the weights kept of this run")
@click.option("--step", type=click.IntRange(min=0), help="at this step  [default: the newest kept]")
@click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="settings of a network as JSON, as config.json of a run has them")  # fmt: skip
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="a setting of the instrument")
@click.option("--json", "as_json", is_flag=True, help="print one JSON object with every number")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.npz",
              help="save the numbers as a numpy file")  # fmt: skip
@setting_options
@store_option
def analyze(
    instrument: str, run_id: str, step: int | None, config: Path | None, options: tuple[str, ...],
    as_json: bool, out: Path | None, root: Path, **settings: Any,
) -> None:  # fmt: skip
    """Measure what INSTRUMENT measures on the weights of a run, or on an untrained network.

    Without --run the network has initial values and the given settings, such as --depth 56 --skip none.
    NaN and infinity are null in JSON.
    """
    said = {name: value for name, value in settings.items() if value is not None}
    chosen = dict(_pair(text) for text in options)
    if run_id:
        asked, weights = _about_run(root, instrument, run_id, step, chosen, said, config)
    else:
        if step is not None:
            raise Mistake("step: only a run has steps; --run names one")
        asked, weights = question(instrument, _config(config, said), options=chosen), None
    finding = _answer(asked, weights)
    if out is not None:
        _save(out, finding)
    click.echo(json.dumps(_as_json(finding)) if as_json else _as_table(finding))


def _about_run(
    root: Path, instrument: str, run_id: str, step: int | None, options: dict, said: dict, config: Path | None
) -> tuple[Question, Path]:
    if said or config:
        raise Mistake(f"a run has its own settings; --run cannot go with {', '.join(said) or '--config'}")
    store = existing_store(root)
    weights = store.weights_file(run_id, step)
    asked = question(
        instrument, store.run(run_id).config, run_id=run_id, step=int(weights.parent.name), options=options
    )
    return asked, weights


def _config(file: Path | None, said: dict[str, Any]):
    if file is None:
        return from_flat(said)
    if said:
        raise SettingsError([f"--config has all settings; it cannot go with {', '.join(said)}"])
    return parse(file.read_bytes())


def _answer(asked: Question, weights: Path | None) -> Finding:
    from resnet_core.device import make_deterministic
    from resnet_core.instruments import answer

    make_deterministic(asked.config.training.threads)
    try:
        return answer(asked, weights)
    except ValueError as error:
        raise Mistake(str(error)) from error


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Mistake(f"--option {text[:40]!r} is not NAME=VALUE")
    return name, value


def _save(out: Path, finding: Finding) -> None:
    try:
        write_answer(out, finding)
    except OSError as error:
        raise Mistake(f"{out} cannot be written: {error.strerror or error}") from error


def _as_json(finding: Finding) -> dict[str, Any]:
    return {name: _plain(value) for name, value in finding._asdict().items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value


def _as_table(finding: Finding) -> str:
    """Single numbers first, then the columns that are as long as each other, beside each other."""
    fields = {name: np.asarray(v) for name, v in finding._asdict().items() if not isinstance(v, tuple)}
    lines = [f"{name}: {_cell(value[()])}" for name, value in fields.items() if value.ndim == 0]
    for length in dict.fromkeys(len(value) for value in fields.values() if value.ndim == 1):
        columns = {n: v for n, v in fields.items() if v.ndim == 1 and len(v) == length}
        rows = [list(columns), *[[_cell(v[i]) for v in columns.values()] for i in range(length)]]
        widths = [max(len(row[i]) for row in rows) for i in range(len(columns))]
        lines += [
            "",
            *["  ".join(cell.rjust(w) for cell, w in zip(row, widths, strict=True)) for row in rows],
        ]
    return "\n".join(lines).strip()


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)
