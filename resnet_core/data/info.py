"""The image sets by name, as plain facts: no pixels and no torch here."""

from typing import NamedTuple

from resnet_core.data.shapes import NAMES as SHAPES


class SetInfo(NamedTuple):
    """One image set. `mean` and `std` are per channel of the training pictures scaled to [0, 1]."""

    title: str
    channels: int
    native_side: int
    classes: tuple[str, ...]
    train_images: int
    test_images: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    flips: bool  # a mirrored picture is still a picture of its class
    download_megabytes: int  # 0: bundled or drawn
    drawn_sides: tuple[
        int, ...
    ] = ()  # of pictures that are drawn to any of these sides; else there are files

    @property
    def is_drawn(self) -> bool:
        return bool(self.drawn_sides)

    @property
    def is_bundled(self) -> bool:
        return self.download_megabytes == 0 and not self.is_drawn

    @property
    def sides(self) -> tuple[int, ...]:
        """Image sides on offer: 16 by 2 x 2 average pooling (28 is padded to 32 first), or as it is."""
        return self.drawn_sides or (16, self.native_side)


DIGITS = tuple("0123456789")
CLOTHES = (
    "T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR100 = (
    "apple", "aquarium fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle",
    "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle",
    "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur",
    "dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo",
    "keyboard", "lamp", "lawn mower", "leopard", "lion", "lizard", "lobster", "man", "maple tree",
    "motorcycle", "mountain", "mouse", "mushroom", "oak tree", "orange", "orchid", "otter", "palm tree",
    "pear", "pickup truck", "pine tree", "plain", "plate", "poppy", "porcupine", "possum", "rabbit",
    "raccoon", "ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper",
    "snail", "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet pepper", "table", "tank",
    "telephone", "television", "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe",
    "whale", "willow tree", "wolf", "woman", "worm",
)  # fmt: skip

SETS: dict[str, SetInfo] = {
    "fashion-mnist": SetInfo(
        "Fashion-MNIST, 12k", 1, 28, CLOTHES, 10_000, 2_000, (0.2860,), (0.3530,), True, 0
    ),
    "cifar10": SetInfo(
        "CIFAR-10", 3, 32, CIFAR10, 50_000, 10_000,
        (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616), True, 163,
    ),
    "cifar100": SetInfo(
        "CIFAR-100", 3, 32, CIFAR100, 50_000, 10_000,
        (0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762), True, 162,
    ),
    "mnist": SetInfo("MNIST", 1, 28, DIGITS, 60_000, 10_000, (0.1307,), (0.3081,), False, 12),
    "fashion-mnist-full": SetInfo(
        "Fashion-MNIST (whole)", 1, 28, CLOTHES, 60_000, 10_000, (0.2860,), (0.3530,), True, 31
    ),
    "shapes": SetInfo(
        "Shapes", 3, 64, SHAPES, 10_000, 2_000,
        (0.323, 0.321, 0.324), (0.198, 0.198, 0.197), True, 0, (16, 24, 32, 48, 64),
    ),
    "svhn": SetInfo(
        "SVHN", 3, 32, DIGITS, 73_257, 26_032,
        (0.4377, 0.4438, 0.4728), (0.1980, 0.2010, 0.1970), False, 235,
    ),
}  # fmt: skip
