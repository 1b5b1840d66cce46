"""Drawn pictures: their shapes have the areas of geometry, and a picture is a function of its number."""

import hashlib
import inspect
import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from resnet_core.code import notebook
from resnet_core.config import DataConfig, RunConfig, SettingsError, from_flat
from resnet_core.data import shapes as module
from resnet_core.data.drawn import FIRST_TRAINED, drawn_pictures
from resnet_core.data.info import SETS
from resnet_core.data.sets import load_images
from resnet_core.data.shapes import DIFFICULTY, NAMES, STROKES, scenes, shapes
from resnet_core.train import train

CPU = torch.device("cpu")
FIRST_HUNDRED = np.arange(100)


@pytest.fixture(scope="module")
def drawn() -> module.Shapes:
    """A thousand test pictures of 16 pixels."""
    return shapes(np.arange(1000), 16)


def areas(name: str, side: int = 128) -> tuple[np.ndarray, np.ndarray]:
    """Areas (N,) of the masks of a shape, and radii (N,) of the circles around it, in halves of the side."""
    scene = scenes(FIRST_HUNDRED)
    which = FIRST_HUNDRED[scene.labels == NAMES.index(name)]
    return shapes(which, side).masks.mean((1, 2)) * 4, scene.radii[which]


@pytest.mark.parametrize(
    ("name", "area"),
    [
        ("circle", np.pi * 0.9**2),
        ("ring", np.pi * (0.94**2 - 0.5**2)),
        ("square", 1.52**2),
        ("triangle", 0.75 * 3**0.5),  # equilateral in a circle of radius 1
        ("star", 10 * 0.5 * 0.45 * np.sin(np.pi / 5)),  # ten triangles between a tip and a notch
        ("cross", 2 * 1.84 * 0.56 - 0.56**2),
        ("heart", 1.08**2 + np.pi * 0.54**2),  # a square and two half circles
    ],
)
def test_masks_have_the_areas_of_geometry(name, area):
    found, radii = areas(name)
    assert found == pytest.approx(area * radii**2, rel=0.03)  # a pixel's width along the edge


def test_every_picture_has_its_whole_shape(drawn):
    assert drawn.masks.any((1, 2)).all()
    scene = scenes(np.arange(1000))
    assert (np.abs(scene.centres) + scene.radii[:, None] <= 1 + 1e-9).all()


def test_any_ten_neighbours_show_ten_shapes(drawn):
    assert np.array_equal(np.sort(drawn.labels.reshape(100, 10)), np.tile(np.arange(10), (100, 1)))
    assert len({tuple(ten) for ten in drawn.labels.reshape(100, 10)}) > 20  # and not in one order


@settings(max_examples=8, deadline=None)
@given(
    st.lists(st.integers(0, 20_000_000), min_size=1, max_size=6),
    st.sampled_from([16, 17, 24]),
    st.sampled_from([0.0, 0.3, 1.0]),
    st.integers(0, 2**31),
)
def test_a_picture_is_the_same_whichever_others_are_asked_for(numbers, side, difficulty, seed):
    together = shapes(np.array(numbers), side, difficulty, seed)
    for place, number in enumerate(numbers):
        alone = shapes(np.array([number]), side, difficulty, seed)
        for found, expected in zip(together, alone, strict=True):
            assert np.array_equal(found[place], expected[0])


def test_pictures_are_bytes_and_masks_say_yes_or_no(drawn):
    assert (drawn.images.shape, drawn.images.dtype) == ((1000, 3, 16, 16), np.uint8)
    assert (drawn.labels.shape, drawn.labels.dtype) == ((1000,), np.int64)
    assert (drawn.masks.shape, drawn.masks.dtype) == ((1000, 16, 16), bool)
    assert [part.shape[0] for part in shapes(np.array([], np.int64), 16)] == [0, 0, 0]


def test_the_pictures_are_the_ones_that_every_number_was_measured_on():
    found = shapes(np.arange(20), 16)
    digest = hashlib.sha256(found.images.tobytes() + found.masks.tobytes()).hexdigest()
    assert digest == "45d9cf4088ee18f615a8541b09433fa4aed00eec33761df2889522b507cf49a4"


def test_a_mask_is_where_a_picture_without_its_shape_is_another_one(monkeypatch):
    painted = shapes(FIRST_HUNDRED, 64)
    blank = tuple(lambda x, y: np.full_like(x, 9) for _ in NAMES)
    monkeypatch.setattr(module, "_DISTANCES", blank)
    differs = (painted.images != shapes(FIRST_HUNDRED, 64).images).any(1)
    assert differs[painted.masks].mean() > 0.999  # by chance a colour may be that of the background
    # The edge reaches into pixels beside the mask, and further only where a tip is sharper than a pixel.
    around = np.pad(painted.masks, ((0, 0), (1, 1), (1, 1)))
    grown = np.max([around[:, y : y + 64, x : x + 64] for y in range(3) for x in range(3)], 0)
    assert differs[~grown].mean() < 0.001


def test_a_picture_of_224_pixels_shows_what_one_of_16_shows():
    small, large = shapes(np.arange(20), 16), shapes(np.arange(20), 224)
    means = large.images.reshape(20, 3, 16, 14, 16, 14).mean((3, 5))
    grain = 255 * scenes(np.arange(1)).grain
    # Means over 14 x 14 pixels have next to no grain, and thin strokes are sampled coarsely at 16.
    assert np.abs(means - small.images).mean() < grain / 2 + 3
    assert np.abs(large.masks.reshape(20, 16, 14, 16, 14).mean((2, 4)) - small.masks).mean() < 0.03


def test_difficulty_brings_distractors_and_takes_contrast():
    for difficulty, strokes in ((0.0, 0), (1.0, STROKES)):
        scene = scenes(np.arange(200), difficulty)
        assert ((scene.strokes[:, :, 3] > 0).sum(1) == strokes).all()
    easy, hard = (
        np.abs(scene.colours.mean(1) - scene.papers.mean((1, 2)))
        for scene in (scenes(np.arange(200), difficulty) for difficulty in (0.0, 1.0))
    )
    assert easy.min() > hard.max()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ((FIRST_HUNDRED, 4), "side: 4 is not between 8 and 1024"),
        ((FIRST_HUNDRED, 16, 1.5), "difficulty: 1.5 is not between 0 and 1"),
        ((FIRST_HUNDRED, 16, float("nan")), "difficulty: nan is not between 0 and 1"),
        ((np.array([-1]), 16), "indices: not a row of whole numbers from 0 on"),
        ((np.array([0.5]), 16), "indices: not a row of whole numbers from 0 on"),
        ((np.array(3), 16), "indices: not a row of whole numbers from 0 on"),
    ],
)
def test_what_cannot_be_drawn_is_told(asked, told):
    with pytest.raises(ValueError, match=told):
        shapes(*asked)


# --- the set --------------------------------------------------------------------------------------------


def test_the_set_is_the_pictures_of_its_numbers_and_no_test_picture_is_trained_on(drawn):
    images = load_images(DataConfig(name="shapes"), CPU)
    assert images.train_images.shape == (10_000, 3, 16, 16)
    assert torch.bincount(images.train_labels).tolist() == [1000] * 10
    assert torch.bincount(images.test_labels).tolist() == [200] * 10
    assert np.array_equal(images.test_images[:1000], drawn.images)
    assert np.array_equal(images.test_labels[:1000], drawn.labels)
    some = np.array([9_999, 7_812, 0])
    trained = drawn_pictures(some, DataConfig(name="shapes"), is_training=True)
    assert np.array_equal(images.train_images[some], trained.images)
    assert FIRST_TRAINED > 9_999_999  # what a link can ask for
    assert images.normalize(images.train_images).mean((0, 2, 3)).abs().max() < 0.01
    assert (images.normalize(images.train_images).std((0, 2, 3)) - 1).abs().max() < 0.01
    assert images.train_images.is_contiguous()


def test_a_drawing_that_takes_long_tells_how_far_it_is(monkeypatch):
    monkeypatch.setitem(SETS, "shapes", SETS["shapes"]._replace(train_images=1_000, test_images=20))
    said: list[str] = []
    images = load_images(DataConfig(name="shapes", side=64), CPU, said.append)
    assert said == ["Drawing Shapes: 488 of 1,000 pictures", "Drawing Shapes: 976 of 1,000 pictures"]
    assert images.train_images.shape == (1_000, 3, 64, 64)


def test_only_drawn_pictures_have_a_difficulty():
    assert from_flat({"dataset": "shapes", "difficulty": "0.8"}).data.difficulty == 0.8
    with pytest.raises(SettingsError, match=r"difficulty: 0\.8 is not on offer for cifar10"):
        from_flat({"dataset": "cifar10", "difficulty": 0.8})
    with pytest.raises(SettingsError, match=r"difficulty: 1\.2 is above the largest possible value, 1"):
        from_flat({"dataset": "shapes", "difficulty": 1.2})


def test_the_difficulty_has_not_changed_the_names_of_earlier_experiments():
    assert RunConfig().digest() == hashlib.sha256(b"{}").hexdigest()[:12]
    assert from_flat({"dataset": "shapes", "difficulty": DIFFICULTY}) == from_flat({"dataset": "shapes"})


# --- the notebook ---------------------------------------------------------------------------------------


def test_what_draws_needs_nothing_but_numpy():
    imports = [line for line in inspect.getsource(module).split("\n") if line.startswith(("import", "from"))]
    assert {line.split()[1].split(".")[0] for line in imports} == {"collections", "typing", "numpy"}


def test_the_notebook_draws_the_labs_pictures_and_trains_to_its_losses(monkeypatch, capsys):
    monkeypatch.setitem(SETS, "shapes", SETS["shapes"]._replace(train_images=500, test_images=20))
    asked = {"dataset": "shapes", "difficulty": 0.3, "depth": 8, "width": 4, "steps": 2, "batch": 8}
    config = from_flat(asked | {"warmup_steps": 1})
    document = json.loads(notebook(config.model, config.data, config.training, config.seed))
    code = {cell["id"]: cell["source"] for cell in document["cells"] if cell["cell_type"] == "code"}
    namespace: dict = {"__name__": "cells"}
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # sums over more threads round differently
    try:
        for name in ("network", "drawing", "pictures", "training", "accuracy"):
            exec(code[name], namespace)
        assert namespace["losses"] == [record.loss for record in train(config, device=CPU)]
    finally:
        torch.set_num_threads(before)
    images = load_images(config.data, CPU)
    assert torch.equal(namespace["train_images"], images.train_images)
    assert torch.equal(namespace["test_labels"], images.test_labels)
    assert "test accuracy" in capsys.readouterr().out
