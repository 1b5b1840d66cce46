"""Findings in memory: those used last, up to a number of bytes. Not for several threads at once. No torch."""

from collections import OrderedDict

import numpy as np

from resnet_core.findings import Finding

MAX_BYTES = 64 * 2**20
_OVERHEAD = 2000  # bytes of a finding beside its numbers


class Remembered:
    """Findings by the key of their question; the newest stays, however large."""

    def __init__(self, room: int = MAX_BYTES):
        self._room, self._bytes = room, 0
        self._findings: OrderedDict[str, Finding] = OrderedDict()

    def get(self, key: str) -> Finding | None:
        """The finding, which now is the one used last; None when it is not remembered."""
        if key in self._findings:
            self._findings.move_to_end(key)
        return self._findings.get(key)

    def put(self, key: str, finding: Finding) -> None:
        """Remembers a finding in place of those not used for longest."""
        if key in self._findings:
            self._bytes -= _size(self._findings.pop(key))
        self._findings[key] = finding
        self._bytes += _size(finding)
        while self._bytes > self._room and len(self._findings) > 1:
            _, forgotten = self._findings.popitem(last=False)
            self._bytes -= _size(forgotten)

    def __len__(self) -> int:
        return len(self._findings)


def _size(finding: Finding) -> int:
    arrays = [part for value in finding for part in (value if isinstance(value, tuple) else (value,))]
    return _OVERHEAD + sum(np.asarray(array).nbytes for array in arrays)
