"""`analyze`: point an instrument at a run or at a network of given settings, and print its numbers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np

from resnet_core.analyst.answers import write_answer
from resnet_core.cli.mistakes import Mistake
from resnet_core.cli.settings import setting_options
from resnet_core.cli.store_option import existing_store, store_option
from resnet_core.config import RunConfig, SettingsError, from_flat, parse
from resnet_core.findings import Finding
from resnet_core.questions import INSTRUMENTS, Question, question

MAX_CONFIG_BYTES = 2**20
_MANY = np.zeros(1)  # stands for arrays of several shapes


def _told_instruments() -> Iterator[str]:
    for name, kind in INSTRUMENTS.items():
        yield f"  {name:<18}{kind.title}"
        for option, field in kind.options.model_fields.items():
            bounds = [str(getattr(m, k)) for m in field.metadata for k in ("ge", "le") if hasattr(m, k)]
            possible = f"; {' to '.join(bounds)}" if bounds else ""
            yield f"{'':<20}{option}: {field.description}  [default: {_usual(field.default)}{possible}]"


def _usual(value: Any) -> str:
    return "none" if value in (None, "") else str(value)


@click.command(epilog="\b\nInstruments, and what --option sets:\n" + "\n".join(_told_instruments()))
@click.argument("instrument", metavar="INSTRUMENT", type=click.Choice(list(INSTRUMENTS)))
@click.option("--run", "run_id", metavar="ID", default="", help="look at the weights kept of this run")
@click.option("--step", type=click.IntRange(min=0), help="at this step  [default: the newest kept]")
@click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
              help="settings of a network as JSON, as config.json of a run has them")  # fmt: skip
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="a setting of the instrument; may be given for each",
)
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
    NaN and infinity are null in JSON. The numbers are the same every time on this machine.
    """
    said = {name: value for name, value in settings.items() if value is not None}
    chosen = dict(_pair(text) for text in options)
    if not INSTRUMENTS[instrument].needs_network and (said or config or run_id):
        raise Mistake(f"{instrument} has networks of its own; it cannot go with --run, --config or settings")
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
        raise Mistake(f"a run has its own settings; --run cannot go with {_flags(said) or '--config'}")
    store = existing_store(root)
    weights, run = store.weights_file(run_id, step), store.run(run_id)
    asked = question(instrument, run.config, run_id=run_id, step=int(weights.parent.name), options=options)
    return asked, weights


def _config(file: Path | None, said: dict[str, Any]) -> RunConfig:
    if file is None:
        return from_flat(said)
    if said:
        raise Mistake(f"--config has all settings; it cannot go with {_flags(said)}")
    try:
        with open(file, "rb") as opened:
            return parse(opened.read(MAX_CONFIG_BYTES))
    except SettingsError as error:
        raise Mistake(*(f"{file.name}: {problem}" for problem in error.problems)) from error
    except OSError as error:
        raise Mistake(f"{file} cannot be read: {error.strerror or error}") from error


def _flags(said: dict[str, Any]) -> str:
    return ", ".join(f"--{name.replace('_', '-')}" for name in said)


def _answer(asked: Question, weights: Path | None) -> Finding:
    from resnet_core.device import make_deterministic
    from resnet_core.instruments import answer

    make_deterministic(asked.config.training.threads)
    try:
        return answer(asked, weights)
    except (ValueError, MemoryError) as error:
        raise Mistake(str(error) or "there was not enough memory") from error


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Mistake(f"--option {text[:40]!r} is not NAME=VALUE")
    return name.strip().replace("-", "_"), value


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
    singles = [f"{name}: {_cell(value[()])}" for name, value in fields.items() if value.ndim == 0]
    columns = {name: value for name, value in fields.items() if value.ndim == 1}
    parts = ["\n".join(singles)] if singles else []
    for length in dict.fromkeys(map(len, columns.values())):
        parts.append(_columns({n: v for n, v in columns.items() if len(v) == length}, length))
    if left_out := [
        name for name in finding._asdict() if name not in columns and fields.get(name, _MANY).ndim
    ]:
        parts.append(
            f"Not shown, since they are no columns: {', '.join(left_out)}; --json and --out have them."
        )
    return "\n\n".join(parts)


def _columns(columns: dict[str, np.ndarray], length: int) -> str:
    rows = [list(columns), *([_cell(column[i]) for column in columns.values()] for i in range(length))]
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.rjust, row, widths)) for row in rows)


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)
