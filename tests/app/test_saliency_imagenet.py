"""ImageNet networks on the saliency page: maps of one class or two, weights that are not here, sentences."""

import numpy as np
import pytest

from app.views.saliency_parts.imagenet_sentences import about, answers, sentences, titled
from app.views.saliency_parts.map_scale import MapScale
from resnet_core.imagenet_weights import PUBLISHED, Published
from resnet_core.options import BLOCK_METHODS
from resnet_core.questions import Question
from resnet_core.saliency_findings import ImageNetMaps
from tests.app.answers import answer_with
from tests.app.pages import drawn, errors, opened, press, texts

LINK = {"show": "imagenet", "first": "none-8~width:2@fashion-mnist-16"}
SAID = 417  # class whose logit is largest, as found below


def found_for(question: Question) -> ImageNetMaps | None:
    """Block i has maps of i + 1 for the first class and of -1 for the second, at all places."""
    if question.instrument != "imagenet-maps":
        return None
    options, blocks = question.options, PUBLISHED[question.options.network].blocks
    first = SAID if options.target is None else options.target
    targets = [first] if options.other is None else [first, options.other]
    heights = [np.array([i + 1.0, -1.0])[: len(targets)] for i in range(blocks)]
    ones = np.ones((len(targets), len(BLOCK_METHODS), 7, 7), np.float32)
    logits = np.zeros(1000, np.float32)
    logits[SAID] = np.log(999)  # a half of the probability
    return ImageNetMaps(
        network=np.array(options.network),
        units=np.array([f"layer1.{i}" for i in range(blocks)]),
        stages=np.array(["7 x 7"] * blocks),
        methods=np.array(BLOCK_METHODS),
        maps=tuple(ones * height[:, None, None, None] for height in heights),
        targets=np.array(targets),
        picture=np.zeros((3, 224, 224), np.uint8),
        logits=logits,
        classes=np.array([f"thing {i}" for i in range(1000)]),
        is_trained=np.bool_(options.weights == "imagenet"),
    )


@pytest.fixture
def analysts(root, monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return answer_with(monkeypatch, found_for)


def asked(analysts) -> list:
    return [question.options for question in analysts.asked if question.instrument == "imagenet-maps"]


def test_the_page_opens_on_random_weights_and_says_what_the_network_says(analysts):
    page = opened("saliency", **LINK)
    assert errors(page) == []
    options = asked(analysts)[-1]
    assert (options.network, options.weights, options.picture) == ("resnet18", "random", "shapes:0")
    assert (options.target, options.other) == (None, None)
    assert "**thing 417**: the largest value is 9.00, at layer1.8." in texts(page)
    assert "initial values of seed 0" in texts(page)


def test_a_class_and_another_to_contrast_are_asked_for(analysts):
    page = opened("saliency", **LINK)
    page.selectbox(key="imagenet class").set_value("thing 30")
    drawn(page)
    page.selectbox(key="imagenet other").set_value("thing 50")
    drawn(page)
    assert (asked(analysts)[-1].target, asked(analysts)[-1].other) == (30, 50)
    assert "**thing 50**: no map has positive evidence." in texts(page)
    # 9 - (-1) = 10 at the last of nine blocks
    assert "**thing 30 − thing 50**: green speaks for the first class" in texts(page)
    assert "at layer1.8, by 10.0 in favour of the first" in texts(page)


def test_the_most_probable_classes_come_first_and_the_explained_one_is_no_contrast(analysts):
    page = opened("saliency", **LINK)
    first, other = (page.selectbox(key=f"imagenet {which}") for which in ("class", "other"))
    assert first.options[0] == "thing 417 (50.0%)"
    assert len(first.options) == 1000
    assert "thing 417 (50.0%)" not in other.options
    assert len(other.options) == 999


def test_another_network_and_another_method_can_be_chosen(analysts):
    page = opened("saliency", **LINK)
    page.selectbox(key="imagenet network").set_value("resnet50")
    page.selectbox(key="imagenet method").set_value("layer-cam")
    drawn(page)
    assert asked(analysts)[-1].network == "resnet50"
    assert "at layer1.16." in texts(page)
    assert "ResNet-50: initial values" in texts(page)


def test_published_weights_that_are_not_here_are_told_and_nothing_is_fetched_unasked(
    root, monkeypatch, tmp_path
):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    fetching = {"imagenet": None}
    analysts = answer_with(
        monkeypatch, lambda q: fetching.get(getattr(q.options, "weights", ""), found_for(q))
    )
    page = opened("saliency", **LINK)
    before = len(analysts.asked)
    page.segmented_control(key="imagenet weights").set_value("imagenet")
    drawn(page)
    [told] = [info.value for info in page.info]
    for part in ("ResNet-18", "resnet18-f37072fd.pth", "45 MB", str(tmp_path), "with random weights"):
        assert part in told
    assert len(analysts.asked) == before
    press(page, "download resnet18")
    assert asked(analysts)[-1].weights == "imagenet"
    assert "Fetching `resnet18-f37072fd.pth`, 45 MB" in texts(page)


def test_a_download_that_fails_is_told_and_the_other_choices_stay(root, monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    lacking = "ResNet-18's weights are not here and could not be downloaded"
    answer_with(monkeypatch, lambda q: lacking if q.instrument == "imagenet-maps" else None)
    page = opened("saliency", **LINK)
    assert errors(page) == [f"{lacking}."]
    assert page.selectbox(key="imagenet network").value == "resnet18"
    assert "ResNet-18: nothing was measured." in texts(page)


def test_published_weights_that_are_here_are_used_and_damaged_ones_refused(analysts, tmp_path, monkeypatch):
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    # SHA-256 of nothing begins with e3b0c442
    monkeypatch.setitem(PUBLISHED, "resnet18", Published("ResNet-18", "resnet18-e3b0c442.pth", 0.1, 9))
    (folder / "resnet18-e3b0c442.pth").write_bytes(b"")
    page = opened("saliency", **LINK)
    page.segmented_control(key="imagenet weights").set_value("imagenet")
    drawn(page)
    assert asked(analysts)[-1].weights == "imagenet"
    assert "torchvision's published weights" in texts(page)
    (folder / "resnet18-e3b0c442.pth").write_bytes(b"damaged")
    drawn(page)
    [told] = errors(page)
    assert "is not the file that was published" in told


def test_while_nothing_is_known_there_are_as_many_tiles_and_no_classes(root, monkeypatch):
    answer_with(monkeypatch, lambda question: None)
    page = opened("saliency", **LINK)
    assert page.selectbox(key="imagenet class").disabled
    assert page.selectbox(key="imagenet block").disabled


def made(**changed) -> ImageNetMaps:
    from resnet_core.config import RunConfig
    from resnet_core.questions import question

    asked = question("imagenet-maps", RunConfig(), options={"other": 5})
    return found_for(asked)._replace(**changed)


def test_what_the_network_says_has_its_probabilities():
    lines = answers(made())
    assert lines[0] == "50.0%  thing 417"
    assert len([line for line in lines if "%  thing" in line]) == 5
    assert "Explained: thing 5, logit exactly 0." in lines
    assert any("names mean nothing" in line for line in lines)
    assert not any("names mean nothing" in line for line in answers(made(is_trained=np.bool_(True))))


def test_logits_that_are_not_finite_are_told_instead():
    logits = np.zeros(1000)
    logits[3] = np.nan
    assert answers(made(logits=logits)) == ["1 of 1,000 logits are not finite."]


def test_two_equal_maps_differ_by_exactly_nothing():
    flat = [np.zeros((7, 7))] * 9
    rows = [("a", flat), ("b", flat), ("a − b", flat)]
    assert "exactly 0 everywhere; Eigen-CAM knows of no class" in sentences(
        made(), rows, MapScale(), "eigen-cam"
    )
    assert "both classes have the same maps" in sentences(made(), rows, MapScale(), "grad-cam")


def test_what_was_measured_says_which_statistics_bn_has():
    assert "running statistics" in about(made(is_trained=np.bool_(True)), "ResNet-18")
    assert "four generated pictures" in about(made(), "ResNet-18")


def test_a_block_is_called_by_its_module_and_the_stem_by_its_name():
    assert [titled(name) for name in ("maxpool", "features.pool0", "features.29", "layer4.2")] == [
        "stem", "stem", "29", "layer4.2",
    ]  # fmt: skip
