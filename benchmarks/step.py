"""A step with all default probes against a bare step: what watching costs.

The bare side has its batch ready on the device and does nothing but zero_grad, forward, cross entropy,
backward and optimizer step; ours also cuts the batch, measures, and makes a record.
"""

from collections.abc import Callable

import torch

from benchmarks.dashboard import dashboard_step
from benchmarks.peers import one_batch, textbook_steps
from benchmarks.settings import QUICK, endless_run
from benchmarks.table import Row
from benchmarks.turns import take_turns
from resnet_core.config import RunConfig
from resnet_core.data.sets import load_images
from resnet_core.device import make_deterministic, pick_device
from resnet_core.train import train

BOUND = 1.10
CYCLE = 10  # steps after which every default probe has been due the same number of times
SECONDS = {8: 35, 16: 45}  # by width
DASHBOARD_SECONDS = 25


def measure(quick: bool = False) -> list[Row]:
    make_deterministic(threads=1)
    budgets = {8: SECONDS[8] * QUICK} if quick else SECONDS
    dashboard = compare_dashboard(
        endless_run(depth=56, batch=64), pick_device(), DASHBOARD_SECONDS * (QUICK if quick else 1)
    )
    return [
        *[
            compare(endless_run(depth=56, width=width, batch=64), pick_device(), seconds)
            for width, seconds in budgets.items()
        ],
        dashboard,
    ]


def compare(config: RunConfig, device: torch.device, seconds: float) -> Row:
    """Time of our watched step over that of a bare one."""
    turns = take_turns([watched_step(config, device), bare_step(config, device)], seconds, device, CYCLE)
    ratio = turns.ratio(0, 1)
    bare = 1000 * turns.wall[:, 1].mean() / CYCLE
    processor = f", {turns.processor_ratio(0, 1):.3f} in processor time" if device.type == "cpu" else ""
    model = config.model
    return Row(
        f"step with all default probes / bare step, depth {model.depth}, width {model.width}",
        ratio.median,
        "x",
        ratio.half,
        BOUND,
        note=f"width {model.width}: a bare step of {config.training.batch} pictures takes {bare:.1f} ms; "
        f"{len(turns.wall)} rounds of {CYCLE} steps of each{processor}. Aim 1.05.",
    )


def compare_dashboard(config: RunConfig, device: torch.device, seconds: float) -> Row:
    """The same with module hooks and a histogram a tensor, as often as our slowest probes."""
    sides = [dashboard_step(config, device, CYCLE), bare_step(config, device)]
    ratio = take_turns(sides, seconds, device, CYCLE).ratio(0, 1)
    return Row(
        f"step with a dashboard's hooks / bare step, depth {config.model.depth}",
        ratio.median, "x", ratio.half,
        note=f"every {CYCLE} steps a norm, moments and a histogram of each weight, gradient and activation; "
        "ours beside it reads the gradient norms at every step.",
    )  # fmt: skip


def watched_step(config: RunConfig, device: torch.device) -> Callable[[], object]:
    records = train(config, images=load_images(config.data, device), device=device)
    return lambda: next(records)


def bare_step(config: RunConfig, device: torch.device) -> Callable[[], object]:
    losses = textbook_steps(config, one_batch(config, device), device)
    return lambda: next(losses)
