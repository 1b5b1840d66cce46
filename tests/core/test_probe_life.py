"""The life of a probe: attached when it is due, read once, gone without a trace."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor, nn
from torch.nn import functional as F

from resnet_core.config import ModelConfig, ProbeConfig
from resnet_core.models import build_model
from resnet_core.models.layout import layout_of
from resnet_core.probes import (
    Activations,
    BranchGain,
    BranchRatio,
    Gate,
    GradientNorm,
    TwoPaths,
    UpdateRatio,
    attached,
    probes_due,
)
from resnet_core.records import QUANTITIES
from tests.core.random_configs import networks

ALL = (GradientNorm, Activations, BranchRatio, UpdateRatio, Gate, BranchGain, TwoPaths)
NONE_DUE = dict.fromkeys(ProbeConfig.model_fields, 0)


def network_of(flat: dict) -> nn.Module:
    return build_model(ModelConfig(**flat), 3, 10, seed=2)


def loss_of(network: nn.Module) -> Tensor:
    images = torch.randn(6, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    return F.cross_entropy(network(images), torch.arange(6))


def hooks_on(network: nn.Module) -> int:
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(module, kind)) for module in network.modules() for kind in kinds)


@given(networks())
@settings(max_examples=15)
def test_no_hook_stays_behind(flat):
    network = network_of(flat)
    with attached([kind() for kind in ALL], network):
        assert hooks_on(network) > 0
    assert hooks_on(network) == 0


def test_no_hook_stays_behind_when_the_step_fails():
    network = network_of({"depth": 8, "width": 2})
    probes = [kind() for kind in ALL]
    with pytest.raises(RuntimeError, match="channels"), attached(probes, network):
        network(torch.zeros(2, 1, 16, 16))
    assert hooks_on(network) == 0


def test_no_hook_stays_behind_when_a_probe_cannot_be_attached():
    class Broken(BranchRatio):
        def attach(self, network):
            raise RuntimeError("cannot")

    network = network_of({"depth": 8, "width": 2})
    with pytest.raises(RuntimeError, match="cannot"), attached([Activations(), Broken()], network):
        pass
    assert hooks_on(network) == 0


@given(networks())
@settings(max_examples=15)
def test_reading_changes_neither_outputs_gradients_nor_buffers(flat):
    plain, watched = network_of(flat), network_of(flat)
    probes = [kind() for kind in ALL]
    loss_of(plain).backward()
    with attached(probes, watched):
        loss_of(watched).backward()
        for probe in probes:
            probe.readings()
    for (name, one), other in zip(plain.state_dict().items(), watched.state_dict().values(), strict=True):
        assert torch.equal(one, other), name
    for (name, one), other in zip(plain.named_parameters(), watched.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad), name


def test_a_probe_is_due_when_its_interval_divides_the_step():
    config = ProbeConfig(**NONE_DUE | {"gradient_norm": 1, "activations": 3, "update_ratio": 4})
    kinds = [{type(probe).__name__ for probe in probes_due(config, step)} for step in (0, 1, 3, 4, 12)]
    assert kinds == [
        {"GradientNorm", "Activations", "UpdateRatio"},
        {"GradientNorm"},
        {"GradientNorm", "Activations"},
        {"GradientNorm", "UpdateRatio"},
        {"GradientNorm", "Activations", "UpdateRatio"},
    ]
    assert probes_due(ProbeConfig(**NONE_DUE), 0) == []


@given(networks())
@settings(max_examples=15)
def test_readings_fit_the_layout_and_are_known_to_the_records(flat):
    network = network_of(flat)
    layout, probes = layout_of(network), [kind() for kind in ALL]
    found = {}
    with attached(probes, network):
        loss_of(network).backward()
        for probe in probes:
            found |= probe.readings()
    is_multiplied = (flat["skip"], flat["norm"]) == ("identity", "batch")
    absent = {"evaluation", "gate"} | (set() if is_multiplied else {"branch_gain"})
    absent |= set(TwoPaths.quantities) if flat["skip"] == "none" else set()
    assert set(found) == set(QUANTITIES) - absent
    for name, values in found.items():
        assert values.dtype == np.float32
        assert values.shape == (layout.size(name),), name
