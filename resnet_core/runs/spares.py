"""Warm spare workers: torch imported and the default set loaded before anyone presses Train. No torch here.

A spare blocks on its stdin. A run id makes it that run's worker; the end of stdin, be it that the server is
killed, ends it.
"""

import subprocess
import threading
from collections.abc import Callable

MAX_FAILURES = 3  # of spares that ended by themselves: after that runs start cold and say what is wrong
READY = b"READY"


class Spare:
    """One waiting process."""

    def __init__(self, process: subprocess.Popen):
        self.process, self.is_ready = process, False
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with self.process.stdout as output:
            self.is_ready = output.readline().strip() == READY

    def give(self, run_id: str) -> bool:
        """False when it has ended meanwhile."""
        try:
            with self.process.stdin as orders:
                orders.write(f"{run_id}\n".encode())
        except OSError:
            return False
        return self.process.poll() is None

    def end(self) -> None:
        """A spare has nothing to lose, so it need not be asked twice."""
        self.process.kill()
        self.process.stdin.close()
        self.process.wait()


class SparePool:
    """Hands out spares, warm ones first. `spawn` starts one, with pipes for stdin and stdout."""

    def __init__(self, spawn: Callable[[], subprocess.Popen]):
        self._spawn, self._spares, self._failures = spawn, [], 0

    def fill(self, count: int) -> None:
        """Up to `count` spares; those still warming up count."""
        ended = [spare for spare in self._spares if spare.process.poll() is not None]
        for spare in ended:
            self._failures += 1
            self._spares.remove(spare)
            spare.end()
        while len(self._spares) < count and self._failures < MAX_FAILURES:
            self._spares.append(Spare(self._spawn()))

    def hand_over(self, run_id: str) -> subprocess.Popen | None:
        """The process that is now the worker of `run_id`; None when there is no spare."""
        while self._spares:
            spare = max(self._spares, key=lambda s: s.is_ready)
            self._spares.remove(spare)
            if spare.give(run_id):
                return spare.process
            spare.end()
        return None

    def __len__(self) -> int:
        return len(self._spares)

    @property
    def ready(self) -> int:
        return sum(spare.is_ready for spare in self._spares)

    def close(self) -> None:
        for spare in self._spares:
            spare.end()
        self._spares.clear()
