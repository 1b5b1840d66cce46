"""The life of a probe: attached to a network for one step, read once, gone without a trace."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar, Literal

import numpy as np
from torch import nn
from torch.utils.hooks import RemovableHandle


class Probe:
    """Base of all probes: `attach` before the forward pass, `read` at the probe's `moment`."""

    moment: ClassVar[Literal["backward", "update"]] = "backward"  # read after which of the two
    quantities: ClassVar[tuple[str, ...]] = ()  # names in records.QUANTITIES, in the order of `readings`

    def attach(self, network: nn.Module) -> Sequence[RemovableHandle]:
        """Starts watching; returns the hooks to remove."""
        raise NotImplementedError

    def read(self) -> np.ndarray:
        """The readings: one row for a single quantity, else (quantities, L or B), float64."""
        raise NotImplementedError

    def readings(self) -> dict[str, np.ndarray]:
        """What was read, by quantity, as float32."""
        rows = np.atleast_2d(self.read())
        with np.errstate(over="ignore"):  # a float64 norm above 3.4e38 is shown as infinity
            return {name: row.astype(np.float32) for name, row in zip(self.quantities, rows, strict=True)}


@contextmanager
def attached(probes: Sequence[Probe], network: nn.Module) -> Iterator[None]:
    """Attaches `probes` to `network` and removes every hook at the end, whatever happens."""
    handles: list[RemovableHandle] = []
    try:
        for probe in probes:
            handles.extend(probe.attach(network))
        yield
    finally:
        for handle in handles:
            handle.remove()
