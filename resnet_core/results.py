"""What a race measured, in numbers and in sentences computed from them: no torch, nothing scripted."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from resnet_core.cost import plan_of_run
from resnet_core.race import differing_settings
from resnet_core.records import Evaluation, Phase, RunInfo, StepRecord

SMOOTHING = 0.95  # weight of the past in the smoothed loss; app/live/stage/run.js has the same
SIMILAR = 1.1  # times the parameters: more than that is said
CHANCE = ("dropout", "drop path")  # operations that are other ones in training than in the test


class ArmResult(NamedTuple):
    """One run's outcome. `smoothed_loss` is over about the last twenty steps; NaN when there is none."""

    run: RunInfo
    steps: int
    smoothed_loss: float
    evaluation: Evaluation | None  # the last one
    seconds: float


def smoothed(losses: Sequence[float], constant: float = SMOOTHING) -> np.ndarray:
    """Exponential moving average, corrected for its start (Kingma and Ba, arXiv:1412.6980, section 3).

    Ends at the first value that is not finite: from there on it is NaN.
    """
    result = np.full(len(losses), np.nan)
    average = 0.0
    for index, value in enumerate(np.asarray(losses, np.float64)):
        if not np.isfinite(value):
            break
        average = constant * average + (1 - constant) * value
        result[index] = average / (1 - constant ** (index + 1))
    return result


def arm_result(run: RunInfo, steps: Sequence[StepRecord]) -> ArmResult:
    """Sums up the records of one run; `steps` may be empty."""
    curve = smoothed([record.loss for record in steps])
    evaluations = [record.evaluation for record in steps if record.evaluation]
    return ArmResult(
        run,
        steps[-1].step + 1 if steps else 0,
        float(curve[-1]) if len(curve) else math.nan,
        evaluations[-1] if evaluations else None,
        steps[-1].seconds if steps else 0.0,
    )


def standard_error(evaluation: Evaluation) -> float:
    """Of an accuracy, from the number of test pictures alone (binomial)."""
    share = evaluation.accuracy
    return math.sqrt(share * (1 - share) / evaluation.images)


def comparison(first: ArmResult, other: ArmResult, names: tuple[str, str]) -> str:
    """One sentence: by how much the two differ in smoothed training loss and in test accuracy."""
    a, b = names
    if not (math.isfinite(first.smoothed_loss) and math.isfinite(other.smoothed_loss)):
        broken = " and ".join(
            name
            for name, arm in zip(names, (first, other), strict=True)
            if not math.isfinite(arm.smoothed_loss)
        )
        return f"{broken} ended without a finite training loss, so there is no difference to state."
    loss = other.smoothed_loss - first.smoothed_loss
    difference = f"a smoothed training loss {abs(loss):.2f} {'lower' if loss < 0 else 'higher'} than"
    said = f"{b} ended with {'the same smoothed training loss as' if abs(loss) < 0.005 else difference} {a}"
    if first.evaluation is None or other.evaluation is None:
        return said + "; test accuracy was not measured on both."
    points = 100 * (other.evaluation.accuracy - first.evaluation.accuracy)
    spread = 100 * math.hypot(standard_error(first.evaluation), standard_error(other.evaluation))
    verdict = "" if abs(points) > 2 * spread else ", which these test pictures cannot tell from none"
    direction = "higher" if points > 0 else "lower"
    counts = dict.fromkeys((first.evaluation.images, other.evaluation.images))
    pictures = f"±{spread:.1f} from {' and '.join(f'{count:,}' for count in counts)} test pictures"
    return f"{said}, and a test accuracy {abs(points):.1f} points {direction}{verdict} ({pictures})."


def caveats(results: Sequence[ArmResult]) -> list[str]:
    """What a reader must know before believing the difference."""
    configs = [result.run.config for result in results]
    said = []
    changed = sorted(differing_settings(configs))
    if len(changed) > 1:
        said.append(f"The arms differ in {_listed(changed)}, so no difference has a single cause.")
    sizes = sorted(plan_of_run(config).parameter_count for config in configs)
    if sizes[-1] > SIMILAR * sizes[0]:
        said.append(f"They differ in size as well: {sizes[0]:,} to {sizes[-1]:,} parameters.")
    seeds = {config.seed for config in configs}
    if len(seeds) == 1:
        said.append(f"One seed ({seeds.pop()}) is one seed: another one gives other numbers.")
    if len({result.steps for result in results}) > 1:
        said.append("The arms did not do the same number of steps.")
    if any(result.run.phase == Phase.DIVERGED for result in results):
        said.append("A diverged arm has no loss to compare: that it diverged is the result.")
    if any(op.kind in CHANCE for config in configs for op in plan_of_run(config).ops):
        said.append("Dropout and stochastic depth leave parts out in training, and nothing in the test.")
    said.append(
        "Training loss is of the batch, in training mode; test accuracy is with running BN statistics."
        if any(config.model.norm == "batch" for config in configs)
        else "Training loss is of the batch of each step."
    )
    return said


def _listed(names: Sequence[str]) -> str:
    *rest, last = names
    return f"{', '.join(rest)} and {last}"
