"""Someone who watches runs as the page does: asks each for what is new, again and again."""

import http.client
import json
import time
from collections.abc import Sequence

import numpy as np

from resnet_core.records import SCALARS


class Viewer:
    """One connection to the server, and how far each run has been seen."""

    def __init__(self, port: int, run_ids: Sequence[str]):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.newest = dict.fromkeys(run_ids, -1)
        self._sizes: dict[str, list[int]] = {}

    def ask(self, run_id: str) -> tuple[int, float]:
        """How many rows of a run are new, and how many seconds the answer took."""
        start = time.perf_counter()
        self._connection.request("GET", f"/api/runs/{run_id}/delta?since={self.newest[run_id]}")
        answer = self._connection.getresponse()
        body = answer.read()
        seconds = time.perf_counter() - start
        if answer.status != 200:
            raise RuntimeError(f"the server answered {answer.status}: {body[:200].decode(errors='replace')}")
        return self._read(run_id, body), seconds

    def _read(self, run_id: str, body: bytes) -> int:
        length = int.from_bytes(body[:4], "little")
        header = json.loads(body[4 : 4 + length])
        if header.get("quantities"):
            self._sizes[run_id] = [size for _, size in header["quantities"]]
        at = 4 + length
        for _ in range(header["rows"]):
            step, present = np.frombuffer(body, "<u4", 2, at)
            there = (size for bit, size in enumerate(self._sizes[run_id]) if present >> bit & 1)
            at += 8 + 4 * (len(SCALARS) + sum(there))
            self.newest[run_id] = int(step)
        return header["rows"]

    def close(self) -> None:
        self._connection.close()
