"""A skip scaled by 0 is the plain network and by 1 the residual one, bit for bit, as long as they train."""

import pytest
import torch

from resnet_core.config import RunConfig, from_flat
from resnet_core.records import StepRecord
from resnet_core.train import TrainingState, initial_state, train

STEPS = 5
TINY = {"depth": 8, "width": 4, "steps": STEPS, "batch": 8, "learning_rate": 0.02, "warmup_steps": 1}
TINY |= {"eval_images": 60, "eval_every": 5, "probe_activations": 0, "probe_branch_ratio": 0}
KINDS = [{"order": order} for order in ("post", "pre", "relu-pre", "bn-after", "relu-before")]
KINDS += [{"norm": "none"}, {"shortcut": "B", "order": "pre"}, {"shortcut": "C"}, {"activation": "gelu"}]
KINDS += [
    {"block": "bottleneck", "depth": 11, "norm": "group"},
    {"block": "single", "depth": 5, "activation": "tanh"},
]
KINDS += [{"family": "mlp", "norm": "layer"}]
ENDS = [
    ({"scale": 0}, {"skip": "none"}),
    ({"scale": 1}, {"skip": "identity"}),
    ({"scale": 1, "scale_on": "both"}, {"skip": "identity"}),
]


def trained(config: RunConfig, few) -> tuple[TrainingState, list[StepRecord]]:
    state = initial_state(config)
    return state, list(train(config, state, few))


def bits_of(state: TrainingState) -> dict[str, bytes]:
    """Weights, buffers, gradients of the last step and momenta by name."""
    found = dict(state.model.state_dict())
    for name, parameter in state.model.named_parameters():
        found[f"gradient of {name}"] = parameter.grad
        found[f"momentum of {name}"] = state.optimizer.state[parameter]["momentum_buffer"]
    return {name: value.detach().numpy().tobytes() for name, value in found.items()}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind.values())))
@pytest.mark.parametrize(
    ("scaled", "end"), ENDS, ids=["0 is plain", "1 is residual", "1 on both is residual"]
)
def test_the_ends_of_the_scale_are_the_plain_and_the_residual_network(few, kind, scaled, end):
    one, records = trained(from_flat(TINY | kind | {"skip": "scaled"} | scaled), few)
    other, expected = trained(from_flat(TINY | kind | end), few)
    assert [record.loss for record in records] == [record.loss for record in expected]
    assert [record.evaluation for record in records] == [record.evaluation for record in expected]
    for record, twin in zip(records, expected, strict=True):
        assert record.accuracy == twin.accuracy
    found, bits = bits_of(one), bits_of(other)
    # A projection that is multiplied by 0 is there all the same, and the plain network has none.
    more = {name for name in found.keys() - bits.keys() if "downsample" not in name}
    assert not more
    assert all(found[name] == bits[name] for name in bits)


def test_in_between_it_is_neither(few):
    losses = {
        tuple(record.loss for record in trained(from_flat(TINY | {"skip": "scaled", "scale": scale}), few)[1])
        for scale in (0, 0.25, 0.5, 1)
    }
    assert len(losses) == 4


@pytest.mark.parametrize("order", ["post", "pre"])
@torch.no_grad()
def test_a_half_on_both_is_a_gate_that_stays_half_open(order):
    # He et al. 2016, section 3.1: "constant scaling" with 0.5 and 0.5 is frozen gating.
    flat = {"depth": 14, "width": 4, "order": order}
    scaled = initial_state(from_flat(flat | {"skip": "scaled", "scale": 0.5, "scale_on": "both"})).model
    gated = initial_state(from_flat(flat | {"skip": "gated", "gate_bias": 0})).model
    images = torch.randn(4, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    assert torch.equal(scaled(images), gated(images))
