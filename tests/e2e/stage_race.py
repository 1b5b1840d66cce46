"""Two runs with numbers of every kind, finite or not, written when a test likes."""

import numpy as np

from app.live.captions import EXTRAS
from resnet_core.config import from_flat
from resnet_core.records import Evaluation, Layer, Layout, Phase, Pictures, StepRecord
from resnet_core.runs import places
from resnet_core.runs.metrics import MetricsWriter
from resnet_core.runs.store import RunStore

LAYERS = [Layer(f"conv{i}", "conv", i + 1) for i in range(6)]
BESIDE = [Layer("side", "projection", 4), Layer("gate", "gate", 4)]
LAYOUT = Layout((*LAYERS, *BESIDE, Layer("fc", "linear", 7)), ("b0", "b1"))
STEPS = 300  # more than a map has columns


def record(step: int, arm: int) -> StepRecord:
    random = np.random.default_rng([step, arm])
    readings = {"gradient_norm": random.lognormal(size=9), "nonfinite_gradients": np.zeros(9)}
    if arm == 0 and step > 200:
        readings["gradient_norm"][:4] = 0, np.inf, np.nan, 1e9
    if step % 10 == 0:
        readings |= {name: random.lognormal(size=LAYOUT.size(name)) for name in (*EXTRAS, "branch_gradient")}
        if arm == 0:
            readings["branch_gain"] *= [np.nan if step > 200 else 1, 1000 if step > 100 else 1]
            del readings["gate"]
    loss = np.inf if arm == 0 and step == STEPS - 1 else 2.3 - arm * step / STEPS
    evaluation = Evaluation(0.1 + 0.002 * step * arm, 1.0, 500) if step % 50 == 49 else None
    shown = Pictures(random.integers(0, 255, (12, 16, 16, 1), np.uint8), np.arange(12) % 10, np.full(12, arm))
    quantities = {name: np.asarray(values, np.float32) for name, values in readings.items()}
    return StepRecord(step, loss, 0.1, 0.1, 0.05 * step, evaluation, quantities, None if step % 10 else shown)


class Race:
    """Two runs whose numbers a test writes when it likes."""

    def __init__(self, store: RunStore, phase: Phase = Phase.RUNNING):
        configs = [from_flat({"skip": skip, "steps": STEPS}) for skip in ("none", "identity")]
        self.store, self.runs, self.written = store, store.add_race(configs, phase), 0
        self.writers = [MetricsWriter(places.metrics_file(store.folder(run.id))) for run in self.runs]
        for writer in self.writers:
            writer.set_layout(LAYOUT)

    def write(self, until: int) -> None:
        for arm, writer in enumerate(self.writers):
            for step in range(self.written, until):
                writer.append(record(step, arm))
            writer.flush()
        self.written = until

    def close(self) -> "Race":
        for writer in self.writers:
            writer.close()
        return self

    def address(self, server: str, mode: str) -> str:
        return f"{server}/?runs={','.join(run.id for run in self.runs)}&mode={mode}&embed=true"
