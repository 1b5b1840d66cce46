"""The questions about maps: of every unit and of its parts, and of pixels; any picture, any network."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from PIL import Image

from resnet_core.attribution import grad_cam, integrated_gradients, layer_cam
from resnet_core.config import from_flat
from resnet_core.data.sets import ImageSet
from resnet_core.data.shapes import shapes
from resnet_core.instruments import Subject, subject_of
from resnet_core.options import BLOCK_METHODS, PIXEL_METHODS, ExplainedOptions, PixelMapOptions
from resnet_core.saliency.block_maps import block_maps
from resnet_core.saliency.explained import explained
from resnet_core.saliency.pictures import picture_of
from resnet_core.saliency.pixel_maps import pixel_map
from resnet_core.saliency_findings import BlockMaps
from tests.core.diverged import KINDS, VALUES, diverged
from tests.core.random_configs import members

THIRD = ExplainedOptions(picture="test:3", target=2)


def subject(images: ImageSet, **flat) -> Subject:
    return subject_of(from_flat({"depth": 8, "width": 4, "batch": 4} | flat), images=images)


@pytest.fixture(scope="module")
def drawn() -> Subject:
    """An untrained network for drawn pictures of 16 pixels."""
    config = from_flat({"depth": 8, "width": 2, "batch": 4, "dataset": "shapes", "side": 16})
    numbers = [torch.from_numpy(part) for part in shapes(np.arange(20), 16)[:2]]
    return subject_of(config, images=ImageSet(config.data.info, *numbers, *numbers))


# --- every unit ------------------------------------------------------------------------------------------


def test_maps_of_every_unit_are_those_of_the_library(few):
    asked = subject(few)
    found, about = block_maps(asked, THIRD), explained(asked, THIRD)
    assert found.units.tolist() == ["conv1", "layer1.0", "layer2.0", "layer3.0"]
    assert found.stages.tolist() == ["stem", "layer1", "layer2", "layer3"]
    assert found.has_skip.tolist() == [False, True, True, True]
    assert tuple(found.methods) == BLOCK_METHODS
    for unit, maps in zip(about.network.units, found.maps, strict=False):
        inputs = (about.network, unit, about.images, about.targets)
        for method in (grad_cam, layer_cam):
            row = BLOCK_METHODS.index(method.__name__.replace("_", "-"))
            np.testing.assert_array_equal(maps[row], method(*inputs, relu=False)[0])
    assert [maps.shape for maps in found.maps] == [(6, 16, 16), (6, 16, 16), (6, 8, 8), (6, 4, 4)]
    np.testing.assert_array_equal(found.picture, few.test_images[3])
    assert (found.label, found.target, found.mask.shape) == (few.test_labels[3], 2, (0, 0))
    np.testing.assert_array_equal(found.logits, about.network(about.images)[0].detach())


@pytest.mark.parametrize(
    "flat",
    [
        {},
        {"order": "pre"},
        {"shortcut": "B"},
        {"skip": "gated"},
        {"skip": "scaled", "scale": 0.5, "scale_on": "both"},
        {"skip": "dense", "depth": 7, "growth": 2},
        {"survival": 0.5},
    ],
)
def test_the_maps_of_shortcut_and_branch_add_up_to_that_of_the_sum(few, flat):
    # Grad-CAM is linear in the values where the gradient is one, that of the sum. Float32 rounds at 1e-7.
    asked = subject(few, **flat)
    for gate in (one for one in asked.network.modules() if hasattr(one, "bias") and one.bias is not None):
        torch.nn.init.normal_(gate.weight, generator=torch.Generator().manual_seed(0))
    found = block_maps(asked, ExplainedOptions())
    for has_skip, parts, maps in zip(found.has_skip, found.parts, found.maps, strict=True):
        if not has_skip:
            assert np.isnan(parts).all()
            assert parts.shape[1:] == maps.shape[1:]
            continue
        shortcut, branch, whole = parts.astype(np.float64)
        assert np.abs(branch).max() > 0
        np.testing.assert_allclose(shortcut + branch, whole, rtol=0, atol=3e-6 * np.abs(parts).max())
    assert found.has_skip.any()


def test_without_anything_behind_the_addition_its_map_is_the_unit_s(few):
    found = block_maps(subject(few, order="pre"), ExplainedOptions())
    for maps, parts in zip(found.maps, found.parts, strict=True):
        if not np.isnan(parts).any():
            np.testing.assert_array_equal(parts[2], maps[0])


def test_a_branch_of_zeros_has_a_map_of_zeros(few):
    found = block_maps(subject(few, init="zero-gamma"), ExplainedOptions())
    for shortcut, branch, whole in (parts for parts in found.parts if not np.isnan(parts).any()):
        assert not branch.any()
        np.testing.assert_array_equal(shortcut, whole)


def test_units_without_a_place_are_left_out(few):
    found = block_maps(subject(few, family="mlp"), ExplainedOptions())
    assert (len(found.units), found.maps, found.parts) == (0, (), ())
    assert found.logits.shape == (10,)


@given(members())
@settings(max_examples=8)
def test_any_member_has_maps(few, flat):
    asked = subject_of(from_flat(flat | {"batch": 4}), images=few)
    assert_whole(block_maps(asked, ExplainedOptions()), asked)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", VALUES)
def test_a_diverged_network_has_maps_of_what_it_has(kind, value, few):
    asked = diverged(kind, value, few)
    found = block_maps(asked, ExplainedOptions())
    assert_whole(found, asked)
    pixels = pixel_map(asked, PixelMapOptions()).map
    if np.isnan(value):
        assert np.isnan(pixels).all()
        assert all(np.isnan(maps).all() for maps in found.maps)
    if value == 0:
        assert not pixels.any()
        assert not any(maps.any() for maps in found.maps)


def assert_whole(found: BlockMaps, asked: Subject) -> None:
    there = [unit.outputs[1:] for unit in asked.network.plan.units if len(unit.outputs) == 3]
    assert [maps.shape for maps in found.maps] == [(6, *place) for place in there]
    assert len(found.units) == len(found.stages) == len(found.has_skip) == len(found.parts) == len(there)
    assert 0 <= found.target < len(found.logits)


# --- pixels ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", PIXEL_METHODS)
def test_every_method_has_a_map_of_the_pixels(few, method):
    found = pixel_map(subject(few, width=2), PixelMapOptions(method=method, picture="test:1"))
    assert (found.map.shape, found.map.dtype) == ((16, 16), np.float32)
    assert np.ptp(found.map) > 0
    assert (found.method, found.label) == (method, few.test_labels[1])
    assert found.is_signed == (method not in ("saliency", "smooth-grad"))
    assert found.unit == ("layer3.0" if method in ("guided-grad-cam", "score-cam") else "")
    assert np.isfinite(found.delta) == (method in ("integrated-gradients", "deep-lift"))


def test_a_map_says_by_how_much_its_sum_is_off(few):
    asked = subject(few)
    options = PixelMapOptions(method="integrated-gradients", target=4)
    found, about = pixel_map(asked, options), explained(asked, options)
    np.testing.assert_array_equal(
        found.map, integrated_gradients(about.network, about.images, about.targets)[0]
    )
    with torch.no_grad():
        there, baseline = (about.network(x)[0, 4].item() for x in (about.images, 0 * about.images))
    assert found.delta == pytest.approx(found.map.sum(dtype=float) - (there - baseline), abs=1e-4)


def test_a_method_that_cannot_be_used_is_a_sentence(few):
    with pytest.raises(
        ValueError, match="DeepLIFT does not apply to this network: there is no rule for GELU"
    ):
        pixel_map(subject(few, activation="gelu"), PixelMapOptions(method="deep-lift"))
    with pytest.raises(ValueError, match="no unit of this network has feature maps with a place"):
        pixel_map(subject(few, family="mlp"), PixelMapOptions(method="score-cam"))


# --- pictures and classes --------------------------------------------------------------------------------


def test_a_network_of_grey_pictures_sees_drawn_ones_by_their_luminance(few):
    found, truth = picture_of(subject(few), "shapes:5"), shapes([5], 16)
    assert found.pixels.shape == (1, 16, 16)
    grey = np.tensordot([0.299, 0.587, 0.114], truth.images[0].astype(float), 1)
    assert np.abs(found.pixels[0].numpy() - grey).max() <= 1
    assert found.label == -1  # no class of clothes
    np.testing.assert_array_equal(found.mask, truth.masks[0])


def test_a_network_of_drawn_pictures_knows_their_labels_and_masks(drawn):
    truth = shapes(np.arange(20), 16)
    for reference in ("test:7", "shapes:7"):
        found = picture_of(drawn, reference)
        np.testing.assert_array_equal(found.pixels, truth.images[7])
        np.testing.assert_array_equal(found.mask, truth.masks[7])
        assert found.label == truth.labels[7]
    beyond = picture_of(drawn, "shapes:1234567")
    assert beyond.label == shapes([1234567], 16).labels[0]


@pytest.mark.parametrize(("name", "channels"), [("few", 1), ("drawn", 3)])
def test_a_file_is_cut_to_the_square_in_its_middle(name, channels, request, tmp_path):
    # 32 x 64: the middle 32 x 32 are a ramp of (10, 20, 30) + 4 x, the rest is white. Half as large the
    # pixels lie between two.
    asked = request.getfixturevalue(name)
    asked = subject(asked) if name == "few" else asked
    pixels = np.full((32, 64, 3), 255, np.uint8)
    pixels[:, 16:48] = np.array([10, 20, 30]) + 4 * np.arange(32)[None, :, None]
    np.savez(tmp_path / "upload.npz", pixels=pixels, format=np.array("PNG"))
    there = Subject(asked.config, asked.network, asked.images, file=tmp_path / "upload.npz")
    found = picture_of(there, "file:" + 64 * "a")
    assert (found.pixels.shape, found.label, found.mask.shape) == ((channels, 16, 16), -1, (0, 0))
    base = [10, 20, 30] if channels == 3 else [0.299 * 10 + 0.587 * 20 + 0.114 * 30]
    expected = np.array(base)[:, None] + 4 * (2 * np.arange(1, 15) + 0.5)  # those that see the edges apart
    np.testing.assert_allclose(found.pixels[:, 8, 1:15], expected, atol=1)
    if channels == 3:
        fitted = Image.fromarray(pixels[:, 16:48]).resize((16, 16), Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(found.pixels.permute(1, 2, 0)[2:14, 2:14], np.array(fitted)[2:14, 2:14])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"picture": "test:60"}, "picture: 60 is not there; the test pictures are 0 to 59"),
        (
            {"picture": "file:" + 64 * "0"},
            "picture: this picture is not here any more; choose the file again",
        ),
        ({"target": 10}, "target: 10 is not there; the classes are 0 to 9"),
    ],
)
def test_what_is_not_there_is_a_sentence(few, options, words):
    with pytest.raises(ValueError, match=words):
        block_maps(subject(few), ExplainedOptions(**options))


def test_without_a_class_what_the_network_says_is_explained(few):
    found = block_maps(subject(few), ExplainedOptions())
    assert found.target == found.logits.argmax()


def test_a_subject_stays_in_training_mode_with_its_own_statistics(few):
    asked = subject(few)
    before = [tensor.clone() for tensor in asked.network.state_dict().values()]
    block_maps(asked, ExplainedOptions())
    assert asked.network.training
    assert all(map(torch.equal, before, asked.network.state_dict().values()))
    assert all(parameter.grad is None for parameter in asked.network.parameters())
