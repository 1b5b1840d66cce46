"""Depth through the years: what is counted is the plans', what is published stays in its own column."""

import pytest
from torchvision import models

from resnet_core.architecture.imagenet import IMAGENET, imagenet_plan
from resnet_core.architecture.years import MILESTONES

BY_NAME = {milestone.name: milestone for milestone in MILESTONES}


def test_the_years_go_forward_and_the_networks_get_deeper():
    assert [(m.year, m.title, m.layers) for m in MILESTONES] == [
        (2012, "AlexNet", 8),
        (2014, "VGG-19", 19),
        (2014, "GoogLeNet", 22),
        (2015, "ResNet-152", 152),
    ]


@pytest.mark.parametrize("name", BY_NAME)
def test_what_is_counted_is_counted_on_the_plan(name):
    milestone, plan = BY_NAME[name], imagenet_plan(name)
    assert milestone.layers == plan.depth
    assert milestone.parameters == plan.parameter_count == sum(op.parameter_count for op in plan.ops)
    assert milestone.multiply_adds == plan.multiply_adds
    assert milestone.title == IMAGENET[name].title


def test_the_counts_are_those_that_are_known():
    assert [m.parameters for m in MILESTONES] == [61_100_840, 143_667_240, 6_624_904, 60_192_808]
    assert [round(m.multiply_adds / 1e9, 3) for m in MILESTONES] == [0.714, 19.632, 1.498, 11.514]


def test_each_kind_of_error_is_kept_by_itself():
    assert [m.ensemble_test.percent for m in MILESTONES] == [16.4, 7.32, 6.67, 3.57]
    assert [m.ten_crop_validation and m.ten_crop_validation.percent for m in MILESTONES] == [
        None, None, 9.15, 5.71
    ]  # fmt: skip
    assert [m.one_crop_validation.percent for m in MILESTONES] == [20.93, 9.12, 10.47, 5.95]


@pytest.mark.parametrize("name", BY_NAME)
def test_every_error_says_how_it_was_measured_and_where_it_is_printed(name):
    milestone = BY_NAME[name]
    assert "ensemble" in milestone.ensemble_test.how
    assert "test pictures" in milestone.ensemble_test.how
    for error in filter(None, (milestone.ten_crop_validation, milestone.one_crop_validation)):
        assert "one network" in error.how
        assert "validation pictures" in error.how
    assert "one crop" in milestone.one_crop_validation.how
    assert all(error.source for error in (milestone.ensemble_test, milestone.one_crop_validation))


@pytest.mark.parametrize("name", BY_NAME)
def test_the_one_crop_error_is_torchvisions(name):
    accuracy = models.get_model_weights(name).IMAGENET1K_V1.meta["_metrics"]["ImageNet-1K"]["acc@5"]
    assert BY_NAME[name].one_crop_validation.percent == pytest.approx(100 - accuracy, abs=0.005)
