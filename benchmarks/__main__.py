"""`python -m benchmarks [SUBJECT ...] [--quick]`: one table, printed and kept in build/bench.md.

A value that misses its bound is reported and no failure: machines differ. Only what crashes ends with 1.
"""

import argparse
import sys
import time
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import psutil

from benchmarks.table import Crash, Results, Row, render
from resnet_core.device import describe_device, pick_device

SUBJECTS = (
    "step", "members", "race", "loader", "multiply", "depth", "instruments", "memory", "first_point", "delta",
    "scrub", "imagenet", "shapes", "saliency", "explain",
)  # fmt: skip
REPORT = Path(__file__).resolve().parents[1] / "build" / "bench.md"


def main(arguments: Sequence[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    start, load = time.monotonic(), psutil.getloadavg()[0]
    results: Results = {}
    for subject in chosen.subjects or SUBJECTS:
        print(f"{time.monotonic() - start:4.0f} s: measuring {subject} ...", file=sys.stderr, flush=True)
        results[subject] = measure(subject, chosen.quick)
    table = render(results, _heading(chosen.quick, time.monotonic() - start, load))
    print(table)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(table, encoding="utf-8")
    return int(any(isinstance(found, Crash) for found in results.values()))


def measure(subject: str, quick: bool) -> Sequence[Row] | Crash:
    """The rows of a subject; what goes wrong becomes a row as well, so that the others are still told."""
    try:
        return import_module(f"benchmarks.{subject}").measure(quick)
    except Exception as error:  # noqa: BLE001 the edge of the program
        traceback.print_exc()
        return Crash(f"{type(error).__name__}: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    told = f"some of {', '.join(SUBJECTS)}; all when none is named"
    parser.add_argument("subjects", nargs="*", type=_subject, metavar="SUBJECT", help=told)
    parser.add_argument("--quick", action="store_true", help="a fifth of the time, and rougher numbers")
    return parser


def _subject(name: str) -> str:
    if name not in SUBJECTS:
        raise argparse.ArgumentTypeError(f"{name!r} is not one of {', '.join(SUBJECTS)}")
    return name


def _heading(quick: bool, seconds: float, load: float) -> str:
    facts = describe_device(pick_device())
    return (
        f"# Benchmarks{' (quick)' if quick else ''}\n\n"
        f"{facts['device_name']}, torch {facts['torch']}, {facts['system']}, in {seconds:.0f} s; "
        f"{load:.1f} other processes were at work when it began.\n"
        f"Values are medians; sides that are compared take turns, in one run."
    )


if __name__ == "__main__":
    sys.exit(main())
