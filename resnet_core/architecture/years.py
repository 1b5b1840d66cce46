"""Depth through the years: four networks of ImageNet, what they cost, and their published errors. No torch.

Layers, parameters and multiply-adds are counted on the plans of torchvision's forms. The errors are top-5, in
percent, as published, each kind by itself: what an ensemble of networks made on the test pictures of the
competition says nothing about one network on one crop of the validation pictures.
"""

from dataclasses import dataclass
from typing import NamedTuple

from resnet_core.architecture.imagenet import IMAGENET, imagenet_plan
from resnet_core.architecture.plan import Plan


class PublishedError(NamedTuple):
    """A top-5 error on ImageNet: how it was measured, and where it is printed."""

    percent: float
    how: str
    source: str


@dataclass(frozen=True, slots=True)
class Milestone:
    """A network of its year. An error is None where none of this kind is quoted here."""

    year: int
    name: str  # in IMAGENET
    ensemble_test: PublishedError
    ten_crop_validation: PublishedError | None
    one_crop_validation: PublishedError

    @property
    def title(self) -> str:
        return IMAGENET[self.name].title

    @property
    def plan(self) -> Plan:
        return imagenet_plan(self.name)

    @property
    def layers(self) -> int:
        """With weights, on the longest way through."""
        return self.plan.depth

    @property
    def parameters(self) -> int:
        return self.plan.parameter_count

    @property
    def multiply_adds(self) -> int:
        """Of one picture of 224 x 224 pixels."""
        return self.plan.multiply_adds


_GOOGLENET_TABLE = "Szegedy et al. 2015 (arXiv:1409.4842), a table"
_RESULT = "quoted as the result of the competition of 2014"
_HE = "He et al. 2015 (arXiv:1512.03385)"


def _ten_crops(percent: float) -> PublishedError:
    return PublishedError(percent, "one network, ten crops, validation pictures", f"{_HE}, table 3")


def _one_crop(percent: float) -> PublishedError:
    how = "one network with torchvision's weights, one crop, validation pictures"
    return PublishedError(percent, how, "torchvision, weights IMAGENET1K_V1")


def _ensemble(percent: float, how: str, source: str) -> PublishedError:
    return PublishedError(percent, f"{how}, test pictures of the competition", source)


MILESTONES = (
    Milestone(2012, "alexnet", _ensemble(16.4, "an ensemble", _GOOGLENET_TABLE), None, _one_crop(20.93)),
    Milestone(2014, "vgg19", _ensemble(7.32, "an ensemble of 7 networks", _RESULT), None, _one_crop(9.12)),
    Milestone(
        2014,
        "googlenet",
        _ensemble(6.67, "an ensemble of 7 networks on 144 crops", _RESULT),
        _ten_crops(9.15),
        _one_crop(10.47),
    ),
    Milestone(
        2015,
        "resnet152",
        _ensemble(3.57, "an ensemble of 6 networks", f"{_HE}, table 5"),
        _ten_crops(5.71),
        _one_crop(5.95),
    ),
)
