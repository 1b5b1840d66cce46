"""One run as its viewers need it: read from the store a few times a second, whoever is watching.

What was read stays in memory, so a viewer more costs a copy of bytes and no reading.
"""

import base64
import io
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from PIL import Image

from resnet_core.config import to_flat
from resnet_core.cost import plan_of_run
from resnet_core.records import QUANTITIES, Pictures, RunInfo
from resnet_core.runs.store import RunStore
from resnet_core.runs.summary import finite_or_none

FRESH_SECONDS = 0.25  # a run is read at most this often
MAX_ROWS = 1000  # of one run that reach a page, and at most as many again for their test accuracies
MAX_NUMBERS = 250_000  # of one quantity of one run that reach a page
MAX_SHEETS = 100  # sheets of pictures of one run that ever reach a page
MAX_PICTURES = 12  # pictures on one sheet
MAX_FEEDS = 16  # runs kept in memory


class Feed:
    """The rows and pictures of one run so far, thinned to what a page can show."""

    def __init__(self, store: RunStore, run_id: str):
        self.store, self.run_id = store, run_id
        self.lock = threading.Lock()
        self.info: RunInfo = store.run(run_id)
        self.layout = None
        self.steps: list[int] = []
        self.rows: list[bytes] = []
        self.sheets: list[list[Any]] = []
        self._row_step = self._sheet_step = -1
        self._between = -self.stride
        self._read_at = float("-inf")

    @cached_property
    def stride(self) -> int:
        """Steps between two rows. Networks of hundreds of layers have long rows and get fewer of them."""
        layers = plan_of_run(self.info.config).layer_count
        rows = min(MAX_ROWS, MAX_NUMBERS // layers)
        return -(-self.info.config.training.steps // rows)

    def refresh(self) -> None:
        """Reads what is new. The state comes first: rows seen after "ended" was read are all the rows."""
        if time.monotonic() - self._read_at < FRESH_SECONDS:
            return
        self.info = self.store.run(self.run_id)
        self.layout = self.layout or self.store.layout(self.run_id)
        if self.layout is not None:
            self._read_rows()
            self._read_sheets()
        self._read_at = time.monotonic()

    def _read_rows(self) -> None:
        last = self.info.config.training.steps - 1
        for step, present, numbers in self.store.raw_steps(self.run_id, self._row_step, self.stride):
            self._row_step = step
            # Between strides there are only evaluated steps, and those no denser than the strides.
            if step % self.stride and step != last and step - self._between < self.stride:
                continue
            self._between = step if step % self.stride else self._between
            self.steps.append(step)
            self.rows.append(np.array([step, present], "<u4").tobytes() + numbers)

    def _read_sheets(self) -> None:
        apart = -(-self.info.config.training.steps // MAX_SHEETS)
        for step, pictures in self.store.pictures(self.run_id, since=self._sheet_step):
            if not self.sheets or step - self.sheets[-1][0] >= apart:
                self.sheets.append([step, *sheet_of(pictures)])
            self._sheet_step = step

    def header(self) -> dict[str, Any]:
        """What changes while a run goes on."""
        info, steps = self.info, self.info.config.training.steps
        pace = finite_or_none(info.steps_per_second)
        left = (steps - info.steps_done) / pace if pace and not info.phase.has_ended else None
        return {
            "id": info.id,
            "race_id": info.race_id,
            "arm": info.arm,
            "phase": info.phase.value,
            "reason": info.reason,
            "steps": steps,
            "steps_done": info.steps_done,
            "stride": self.stride,
            "steps_per_second": pace,
            "seconds_left": left,
            "queue_position": info.queue_position,
            "test_accuracy": finite_or_none(info.test_accuracy),
        }

    def constants(self) -> dict[str, Any]:
        """What never changes and is told once."""
        layout, data = self.layout, self.info.config.data
        return {
            "quantities": [[name, layout.size(name)] for name in QUANTITIES] if layout else [],
            "layers": [list(layer) for layer in layout.layers] if layout else [],
            "blocks": list(layout.blocks) if layout else [],
            "labels": to_flat(self.info.config),
            "classes": list(data.info.classes),
        }


class Feeds:
    """The runs being watched, the least recently asked for forgotten first."""

    def __init__(self) -> None:
        self._feeds: OrderedDict[tuple[str, str], Feed] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, store: RunStore, run_id: str) -> Feed:
        """The feed of a run. Raises StoreError when the store has no such run."""
        key = (str(store.root), run_id)
        with self._lock:
            feed = self._feeds.get(key)
        if feed is None:
            feed = Feed(store, run_id)
        with self._lock:
            feed = self._feeds.setdefault(key, feed)
            self._feeds.move_to_end(key)
            while len(self._feeds) > MAX_FEEDS:
                self._feeds.popitem(last=False)
        return feed

    def forget(self, store: RunStore, run_id: str) -> None:
        with self._lock:
            self._feeds.pop((str(store.root), run_id), None)


def sheet_of(pictures: Pictures) -> tuple[str, list[int], list[int]]:
    """Pictures side by side as a PNG data URL, their labels and what the network said."""
    images = np.asarray(pictures.images)[:MAX_PICTURES]
    labels, predictions = (
        np.asarray(a)[:MAX_PICTURES].tolist() for a in (pictures.labels, pictures.predictions)
    )
    strip = np.concatenate(list(images), axis=1)
    buffer = io.BytesIO()
    Image.fromarray(strip[..., 0] if strip.shape[-1] == 1 else strip).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode(), labels, predictions


def without_sprites(sheets: Sequence[list[Any]]) -> list[list[Any]]:
    return [[step, None, labels, predictions] for step, _, labels, predictions in sheets]
