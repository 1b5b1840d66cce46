"""One step unit by unit: by hand, and against what autograd keeps of an ordinary pass."""

import numpy as np
import torch
from hypothesis import given, settings
from torch.nn import functional as F

from resnet_core.instruments.slow_motion import slow_motion
from resnet_core.instruments.two_paths import two_paths
from resnet_core.models.layout import layout_of
from tests.core.random_configs import members
from tests.core.split_gradients import are_equal, member, state_of, two_linear_blocks


def test_two_linear_blocks_by_hand():
    # x = (1, 3), A x = (2, -6), y1 = (3, -3), B y1 = (-3, 3), y2 = 0, so both logits are 0 and the loss is
    # log 2. Back: (-1/2, 1/2) at the logits, (3, 4) at y2, (7, 7) at y1, (21, -7) at x.
    found = slow_motion(*two_linear_blocks())
    assert found.units.tolist() == ["block1", "block2", "head"]
    assert found.has_skip.tolist() == [True, True, False]
    np.testing.assert_allclose(found.inputs, np.sqrt([10, 18, 0]))
    np.testing.assert_allclose(found.shortcuts, [10**0.5, 18**0.5, np.nan])
    np.testing.assert_allclose(found.branches, np.sqrt([40, 18, 0]))
    np.testing.assert_allclose(found.outputs, np.sqrt([18, 0, 0]))
    np.testing.assert_allclose(found.gradients_out, np.sqrt([98, 25, 0.5]))
    np.testing.assert_allclose(found.through_shortcut, [98**0.5, 5, np.nan])
    np.testing.assert_allclose(found.through_branch, [392**0.5, 5, 5])
    np.testing.assert_allclose(found.cosines, [0, 0.96, np.nan], atol=1e-15)
    np.testing.assert_allclose(found.gradients_in, np.sqrt([490, 98, 25]))
    np.testing.assert_allclose(found.loss, np.log(2))
    # Of a weight: the gradient behind it times what it sees. |(7, 7)| |x|, |(3, 4)| |y1|, 0.
    assert found.weight_layers.tolist() == ["block1.linear", "block2.linear", "head.linear"]
    assert found.weight_units.tolist() == [0, 1, 2]
    np.testing.assert_allclose(found.weight_gradients, np.sqrt([980, 450, 0]))


@given(members(width=2))
@settings(max_examples=15)
def test_every_unit_is_what_an_ordinary_pass_finds_there(flat):
    network, images, labels = member(flat)
    found = slow_motion(network, images, labels)
    x, kept = images.clone().requires_grad_(), []
    for module in network.units:
        fork = module.begin(x)
        x = module.end(*module.ways(*[fork] * len(module._paths)))
        kept += [fork, x]
    loss = F.cross_entropy(x, labels)
    weights = [network.get_submodule(layer.name).weight for layer in layout_of(network).layers]
    gradients = torch.autograd.grad(loss, [*kept, *weights])
    lengths = [float(tensor.detach().norm()) for tensor in (*kept, *gradients)]
    count = len(kept)
    assert found.loss == float(loss.detach())
    for ours, others in (
        (found.inputs, lengths[:count:2]),
        (found.outputs, lengths[1:count:2]),
        (found.gradients_in, lengths[count : 2 * count : 2]),
        (found.gradients_out, lengths[count + 1 : 2 * count : 2]),
        (found.weight_gradients, lengths[2 * count :]),
    ):
        np.testing.assert_allclose(ours, others, rtol=1e-9, atol=1e-14)


@given(members(width=2))
@settings(max_examples=15)
def test_the_parts_are_those_of_the_two_paths_and_without_a_skip_all_goes_the_branch(flat):
    network, images, labels = member(flat)
    found, parts = slow_motion(network, images, labels), two_paths(network, images, labels)
    assert found.has_skip.tolist() == [unit.has_skip for unit in network.plan.units]
    np.testing.assert_array_equal(found.through_shortcut[found.has_skip], parts.shortcut)
    np.testing.assert_array_equal(found.through_branch[found.has_skip], parts.branch)
    np.testing.assert_array_equal(found.cosines[found.has_skip], parts.cosine)
    plain = ~found.has_skip
    assert np.isnan([found.shortcuts[plain], found.through_shortcut[plain], found.cosines[plain]]).all()
    np.testing.assert_allclose(found.through_branch[plain], found.gradients_in[plain], rtol=1e-9, atol=1e-14)


def test_every_layer_is_in_its_unit_and_units_without_a_name_have_that_of_their_first_operation():
    found = slow_motion(*member({"depth": 8, "width": 2, "shortcut": "B"}))
    assert found.units.tolist() == ["conv1", "layer1.0", "layer2.0", "layer3.0", "avgpool"]
    homes = dict(zip(found.weight_layers.tolist(), found.units[found.weight_units].tolist(), strict=True))
    assert homes["conv1"] == "conv1"
    assert homes["layer2.0.conv2"] == homes["layer2.0.downsample.0"] == "layer2.0"
    assert homes["fc"] == "avgpool"


def test_the_instrument_leaves_weights_buffers_and_gradients_as_they_were():
    network, images, labels = member({"depth": 8, "width": 2})
    next(network.parameters()).grad = torch.ones_like(next(network.parameters()))
    before = state_of(network)
    slow_motion(network, images, labels)
    assert are_equal(before, state_of(network))
