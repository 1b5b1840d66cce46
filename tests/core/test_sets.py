"""Image sets: the pixels are the files' own, and a batch is cut from them as its drawing says."""

import hashlib
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision import datasets

from resnet_core.config import DataConfig
from resnet_core.data import sets
from resnet_core.data.info import SETS
from resnet_core.data.order import draw_batch
from resnet_core.data.sets import ImageSet, load_images

CPU = torch.device("cpu")


def halved_by_hand(picture: np.ndarray) -> np.ndarray:
    """(S, S) to (S/2, S/2): the mean of each 2 x 2, rounded half to even."""
    side = len(picture) // 2
    small = np.empty((side, side), np.uint8)
    for row in range(side):
        for column in range(side):
            four = picture[2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
            small[row, column] = round(float(four.astype(np.float64).mean()))
    return small


def batch_by_hand(images: ImageSet, data: DataConfig, seed: int, step: int, size: int) -> np.ndarray:
    """(B, C, S, S), one picture after the other: shifted over zeros, then mirrored."""
    side, pad = images.side, images.side // 8 if data.augment else 0
    drawn = draw_batch(seed, step, size, len(images.train_labels), pad, data.augment and images.info.flips)
    batch = []
    for index, row, column, mirrored in zip(*drawn, strict=True):
        canvas = np.zeros((images.info.channels, side + 2 * pad, side + 2 * pad), np.uint8)
        canvas[:, pad : pad + side, pad : pad + side] = images.train_images[index].numpy()
        window = canvas[:, row : row + side, column : column + side]
        batch.append(window[:, :, ::-1] if mirrored else window)
    return np.stack(batch)


def random_set(name: str, side: int, count: int = 20) -> ImageSet:
    info, draw = SETS[name], torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (count, info.channels, side, side), dtype=torch.uint8, generator=draw)
    return ImageSet(info, images, torch.arange(count) % len(info.classes), images[:5], torch.zeros(5).long())


def test_the_bundled_file_is_the_one_that_every_number_was_measured_on():
    digest = hashlib.sha256(sets.BUNDLED.read_bytes()).hexdigest()
    assert digest == "280344ad93540907366c7aa7c16932a7bcfb30f1a8a46e47893c8380b6847caa"


def test_the_bundled_set_has_as_many_pictures_of_each_class(clothes):
    assert clothes.train_images.shape == (10_000, 1, 16, 16)
    assert clothes.test_images.shape == (2_000, 1, 16, 16)
    assert clothes.train_images.dtype == clothes.test_images.dtype == torch.uint8
    assert torch.bincount(clothes.train_labels).tolist() == [1_000] * 10
    assert torch.bincount(clothes.test_labels).tolist() == [200] * 10
    assert (clothes.info.train_images, clothes.info.test_images) == (10_000, 2_000)


def test_the_bundled_set_at_its_own_side_is_the_file_unchanged():
    images = load_images(DataConfig(side=28), CPU)
    with np.load(sets.BUNDLED) as file:
        assert np.array_equal(images.train_images[:, 0], file["train_images"])
        assert np.array_equal(images.test_images[:, 0], file["test_images"])
        assert np.array_equal(images.train_labels, file["train_labels"])
        assert np.array_equal(images.test_labels, file["test_labels"])


def test_no_picture_is_both_in_training_and_in_test():
    with np.load(sets.BUNDLED) as file:
        train, test = (
            {picture.tobytes() for picture in file[f"{split}_images"]} for split in ("train", "test")
        )
    assert not train & test


def test_halving_is_the_mean_of_four_pixels(clothes):
    with np.load(sets.BUNDLED) as file:
        for index in (0, 4095, 4096, 9_999):  # the halving goes by chunks of 4096
            padded = np.pad(file["train_images"][index], 2)
            assert np.array_equal(clothes.train_images[index, 0], halved_by_hand(padded))


def test_halving_of_colour_pictures_needs_no_border():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    found = sets._pictures(pixels, DataConfig(name="cifar10", side=16))
    assert found.shape == (3, 3, 16, 16)
    for picture, channel in np.ndindex(3, 3):
        assert np.array_equal(found[picture, channel], halved_by_hand(pixels[picture, :, :, channel]))


def test_normalisation_is_the_textbook_formula():
    images = random_set("cifar10", 32)
    mean, std = (np.array(values)[None, :, None, None] for values in (images.info.mean, images.info.std))
    expected = (images.train_images.numpy() / 255 - mean) / std
    found = images.normalize(images.train_images)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5, atol=1e-5)


def test_the_bundled_pictures_are_normalised_to_mean_0_and_std_1():
    images = load_images(DataConfig(side=28), CPU)
    pixels = images.normalize(images.train_images)
    assert float(pixels.mean()) == pytest.approx(0, abs=0.01)  # the constants are of the whole set
    assert float(pixels.std()) == pytest.approx(1, abs=0.01)


@settings(max_examples=40)
@given(
    st.sampled_from(
        [("fashion-mnist", 16), ("fashion-mnist", 28), ("cifar10", 32), ("mnist", 16), ("svhn", 32)]
    ),
    st.booleans(),
    st.integers(0, 2**31 - 1),
    st.integers(0, 1000),
    st.integers(1, 30),
)
def test_a_batch_is_the_one_that_a_loop_over_pictures_makes(which, augment, seed, step, size):
    name, side = which
    images, data = random_set(name, side), DataConfig(name=name, side=side, augment=augment)
    found, labels = images.batch(data, seed, step, size)
    assert np.array_equal(found, batch_by_hand(images, data, seed, step, size))
    assert torch.equal(labels, images.train_labels[draw_batch(seed, step, size, 20).indices])


@pytest.mark.parametrize("augment", [False, True])
@pytest.mark.parametrize(
    ("name", "side"), [("fashion-mnist", 16), ("mnist", 28), ("cifar10", 16), ("svhn", 32)]
)
def test_batches_lie_in_memory_channel_by_channel(name, side, augment):
    # Channel beside channel instead (as a permuted tensor looks, also one of a single channel) makes PyTorch
    # choose other convolutions, and torch 2.14.1 writes out of bounds for the gradient of a small 1x1 weight.
    info, data = SETS[name], DataConfig(name=name, side=side, augment=augment)
    native = (40, info.native_side, info.native_side)
    pixels = np.zeros(native if info.channels == 1 else (*native, 3), np.uint8)
    tensor, labels = sets._pictures(pixels, data), torch.zeros(40).long()
    images = ImageSet(info, tensor, labels, tensor, labels)
    canonical = (info.channels * side**2, side**2, side, 1)
    assert images.normalize(images.batch(data, 0, 0, 8)[0]).stride() == canonical
    assert images.normalize(images.test_images[:8]).stride() == canonical


def test_digits_are_shifted_but_never_mirrored():
    for name in ("mnist", "svhn"):
        assert not SETS[name].flips
    one_sided = torch.zeros(20, 1, 16, 16, dtype=torch.uint8)
    one_sided[..., :4] = 255  # bright on the left, and a shift of 2 leaves it there
    images = ImageSet(SETS["mnist"], one_sided, torch.zeros(20).long(), one_sided, torch.zeros(20).long())
    found, _ = images.batch(DataConfig(name="mnist", augment=True), 0, 0, 200)
    assert not found[..., 8:].any()


def test_drawing_a_batch_leaves_the_set_as_it_is(clothes):
    before = clothes.train_images.clone()
    found, _ = clothes.batch(DataConfig(augment=True), 0, 0, 64)
    found.zero_()
    clothes.batch(DataConfig(), 0, 0, 64)[0].zero_()
    assert torch.equal(clothes.train_images, before)


def test_cifar10_has_the_pixels_that_torchvision_reads():
    folder = os.environ.get("RESNET_LAB_DATA", "")
    if not (Path(folder) / "cifar-10-batches-py").is_dir():
        pytest.skip("CIFAR-10 is not on this machine: set RESNET_LAB_DATA to the folder that has it")
    images = load_images(DataConfig(name="cifar10", side=32), CPU)
    for is_train, found, labels in (
        (True, images.train_images, images.train_labels),
        (False, images.test_images, images.test_labels),
    ):
        theirs = datasets.CIFAR10(folder, train=is_train)
        assert np.array_equal(found.permute(0, 2, 3, 1), theirs.data)
        assert labels.tolist() == theirs.targets
        assert tuple(theirs.classes) == images.info.classes
    assert (len(images.train_labels), len(images.test_labels)) == (50_000, 10_000)
    pixels = images.train_images[:5_000].float() / 255  # a tenth of what the constants are of
    assert pixels.mean(dim=(0, 2, 3)).tolist() == pytest.approx(images.info.mean, abs=0.01)
    assert pixels.std(dim=(0, 2, 3)).tolist() == pytest.approx(images.info.std, abs=0.01)


def test_cifar100_is_read_with_its_fine_labels(tmp_path, monkeypatch):
    pixels = np.random.default_rng(1).integers(0, 256, (6, 3, 32, 32), dtype=np.uint8)
    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    parts = {"train": (pixels[:4], [99, 0, 50, 7]), "test": (pixels[4:], [1, 2])}
    entries = {k: {"data": p.reshape(len(p), -1), "fine_labels": y} for k, (p, y) in parts.items()}
    for name, entry in (entries | {"meta": {"fine_label_names": list(SETS["cifar100"].classes)}}).items():
        (folder / name).write_bytes(pickle.dumps(entry))
    digest = {file.name: hashlib.md5(file.read_bytes()).hexdigest() for file in folder.iterdir()}
    monkeypatch.setattr(datasets.CIFAR100, "train_list", [["train", digest["train"]]])
    monkeypatch.setattr(datasets.CIFAR100, "test_list", [["test", digest["test"]]])
    monkeypatch.setitem(datasets.CIFAR100.meta, "md5", digest["meta"])
    monkeypatch.setenv("RESNET_LAB_DATA", str(tmp_path))
    images = load_images(DataConfig(name="cifar100", side=32), CPU)
    assert np.array_equal(images.train_images, pixels[:4])
    assert images.train_labels.tolist() == [99, 0, 50, 7]
    assert images.test_labels.tolist() == [1, 2]


def test_svhn_calls_its_class_10_zero(tmp_path, monkeypatch):
    pixels = np.random.default_rng(2).integers(0, 256, (32, 32, 3, 3), dtype=np.uint8)
    splits = {}
    for split in ("train", "test"):
        file = tmp_path / f"{split}_32x32.mat"
        scipy.io.savemat(file, {"X": pixels, "y": np.array([[10], [1], [9]], np.uint8)})
        splits[split] = ["", file.name, hashlib.md5(file.read_bytes()).hexdigest()]
    monkeypatch.setattr(datasets.SVHN, "split_list", splits)
    monkeypatch.setenv("RESNET_LAB_DATA", str(tmp_path))
    images = load_images(DataConfig(name="svhn", side=32), CPU)
    assert images.train_labels.tolist() == [0, 1, 9]
    assert np.array_equal(images.train_images[2].permute(1, 2, 0), pixels[..., 2])


@pytest.mark.parametrize("name", SETS)
def test_the_facts_of_a_set_agree_with_each_other(name):
    info = SETS[name]
    assert len(info.mean) == len(info.std) == info.channels
    assert len(set(info.classes)) == len(info.classes) == {"cifar100": 100}.get(name, 10)
    assert info.sides == ((16, 24, 32, 48, 64) if info.is_drawn else (16, {1: 28, 3: 32}[info.channels]))


def test_the_classes_of_cifar100_are_in_the_files_order_which_is_the_alphabet():
    assert list(SETS["cifar100"].classes) == sorted(SETS["cifar100"].classes)
