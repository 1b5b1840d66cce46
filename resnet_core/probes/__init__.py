"""What is watched while a network trains: one quantity a file.

A probe is attached for one step, reads once, and never changes the run: losses, weights and buffers are
bit-equal with and without it.
"""

from resnet_core.config import ProbeConfig
from resnet_core.probes.activations import Activations
from resnet_core.probes.branch_gain import BranchGain
from resnet_core.probes.branch_ratio import BranchRatio
from resnet_core.probes.gate import Gate
from resnet_core.probes.gradient_norm import GradientNorm
from resnet_core.probes.probe import Probe, attached
from resnet_core.probes.two_paths import TwoPaths
from resnet_core.probes.update_ratio import UpdateRatio

__all__ = [
    "Activations",
    "BranchGain",
    "BranchRatio",
    "Gate",
    "GradientNorm",
    "Probe",
    "TwoPaths",
    "UpdateRatio",
    "attached",
    "probes_due",
]

_PROBES = {
    "gradient_norm": GradientNorm,
    "activations": Activations,
    "branch_ratio": BranchRatio,
    "update_ratio": UpdateRatio,
    "gate": Gate,
    "branch_gain": BranchGain,
    "two_paths": TwoPaths,
}


def probes_due(config: ProbeConfig, step: int) -> list[Probe]:
    """Fresh probes for those whose interval divides `step`."""
    intervals = {name: getattr(config, name) for name in _PROBES}
    return [_PROBES[name]() for name, interval in intervals.items() if interval and step % interval == 0]
