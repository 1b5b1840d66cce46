"""Maps of every depth and over training: drawn with answers and without, and films of what was measured."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from app.figures.map_sheet import Scale
from app.figures.theme import DARK, LIGHT
from app.views.saliency_parts.film import FORMATS, Frame, Panel, film, side_of
from app.views.saliency_parts.map_scale import MapScale
from app.views.saliency_parts.unit_maps import map_of, share_on, sum_error
from app.views.text import instrument_text
from tests.app.answers import answer_with
from tests.app.block_map_findings import block_maps
from tests.app.pages import drawn, errors, opened, texts

TWO = {"first": "none-8~width:2@fashion-mnist-16", "second": "identity-8~width:2@fashion-mnist-16"}
PARTS = ("depths", "over-training")
NAN, INF = np.nan, np.inf


def said(page) -> str:
    return texts(page).replace("**", "")


@pytest.fixture(scope="module")
def maps():
    from resnet_core.config import from_flat
    from resnet_core.questions import question

    return block_maps(question("block-maps", from_flat({"depth": 8, "width": 2, "side": 16})), has_mask=True)


# one scale or each its own


def test_on_one_scale_all_colours_end_at_the_largest_and_else_each_at_its_own():
    pair = [np.array([[1.0, -5.0]]), np.array([[4.0, NAN]])]
    assert MapScale().ends(pair) == [4, 4]
    assert MapScale(is_shared=False).ends(pair) == [1, 4]
    assert MapScale(is_signed=True).ends(pair) == [5, 5]
    assert MapScale().ends([]) == []
    assert MapScale().ends([np.empty((0, 0))]) == [0]


def test_without_evidence_against_nothing_is_below_zero_and_what_is_not_finite_stays():
    shown = MapScale().shown(np.array([[-1.0, 2.0, NAN, -INF]]))
    assert shown[0, :2].tolist() == [0, 2]
    assert np.isnan(shown[0, 2])
    assert shown[0, 3] == -INF


@pytest.mark.parametrize(
    ("values", "is_signed", "note"),
    [
        ([1.0, 2.0], False, "to 2.0"),
        ([-3.0, 2.0], True, "−3.0 to 2.0"),
        ([-3.0, -2.0], False, "no positive evidence"),
        ([0.0, 0.0], True, "exactly 0"),
        ([NAN, 2.0], False, "to 2.0, 1 not finite"),
        ([NAN, INF], False, "2 not finite"),
        ([], False, ""),
    ],
)
def test_a_map_is_described_below_it(values, is_signed, note):
    assert MapScale(is_signed=is_signed).note(np.array([values])) == note


def test_a_scale_for_each_map_says_what_it_hides():
    pair = [np.array([[0.01]]), np.array([[3.4]]), np.array([[-1.0]])]
    names = ["faint", "strong", "against"]
    hidden = MapScale(is_shared=False).faintest(names, pair)
    assert hidden.startswith("faint is drawn as strong as strong, although its largest value is 340 times")
    assert "faint" in MapScale().faintest(names, pair)
    assert MapScale().faintest(names[:1], pair[:1]) == ""


# maps as they were found


def test_maps_are_taken_by_unit_method_and_part(maps):
    # map number i has i in its left half, method number j adds j; the branch of Grad-CAM's sum is a quarter
    assert map_of(maps, "layer2.0", "grad-cam")[0, 0] == 2
    assert map_of(maps, "layer2.0", "hires-cam")[0, 0] == 4
    assert map_of(maps, "layer2.0", "grad-cam", "branch")[0, 0] == 0.5
    assert map_of(maps, "layer9.0", "grad-cam").size == 0
    assert map_of(None, "layer2.0", "grad-cam").size == 0
    assert sum_error(maps) == (0, 3)


def test_the_share_on_the_thing_counts_positive_evidence_alone():
    mask = np.zeros((8, 8), bool)
    mask[:, :4] = True
    assert share_on(np.array([[1.0, -9.0]]), mask) > 0.8  # smooth: a little reaches the right half
    assert share_on(np.ones((2, 2)), mask) == pytest.approx(0.5)
    for values in (-np.ones((2, 2)), np.array([[NAN, 1.0]]), np.empty((0, 0))):
        assert np.isnan(share_on(values, mask))
    assert np.isnan(share_on(np.ones((2, 2)), np.zeros((0, 0), bool)))


# pages


@pytest.mark.parametrize("part", PARTS)
def test_a_part_is_drawn_before_anything_is_known_and_then_with_its_numbers(part, store, monkeypatch):
    answer_with(monkeypatch, lambda question: None)
    page = opened("saliency", show=part, **TWO)
    assert errors(page) == []
    answer_with(monkeypatch, lambda question: block_maps(question, has_mask=True))
    drawn(page)
    assert errors(page) == []
    expected = {
        "depths": "ResNet-8: the largest value is 3.00, at layer3.0; 1 of 4 maps have no positive evidence. "
        "The thing covers 25% of the picture;",
        "over-training": "There is one step to look at: choose a run",
    }
    assert expected[part] in said(page)


@pytest.mark.parametrize(
    ("part", "first"),
    [
        ("depths", "mlp-8~width:4@fashion-mnist-16"),
        ("over-training", "mlp-8~width:4@fashion-mnist-16"),
        ("depths", "dense-7~growth:2@cifar10-32"),
    ],
)
def test_a_network_has_its_page_alone_and_without_maps(part, first, store, monkeypatch):
    answer_with(monkeypatch, block_maps)
    page = opened("saliency", show=part, first=first, second="")
    assert errors(page) == []
    if part == "depths" and first.startswith("mlp"):
        assert "has no unit with feature maps that have a place." in said(page)


def test_parts_of_a_sum_are_maps_of_residual_units_and_their_sum_is_checked(store, monkeypatch):
    answer_with(monkeypatch, block_maps)
    page = opened("saliency", show="depths", **TWO)
    page.button_group(key="mapped part").set_value("branch")
    page.button_group(key="map form").set_value("grid")
    page.button_group(key="map signs").set_value("both")
    drawn(page)
    assert errors(page) == []
    assert (
        "Shortcut + branch = sum, before the ReLU: at most exactly 0 apart, where the sum reaches 3.0."
        in said(page)
    )
    assert "plain-8 has no unit with a shortcut." in said(page)
    assert page.selectbox(key="method of every depth").disabled


def test_what_is_not_finite_is_drawn_all_the_same(store, monkeypatch):
    def broken(question):
        found = block_maps(question, has_mask=True)
        return found._replace(
            maps=tuple(np.full_like(each, NAN) for each in found.maps), logits=np.full_like(found.logits, NAN)
        )

    answer_with(monkeypatch, broken)
    for part in PARTS:
        page = opened("saliency", show=part, **TWO)
        assert errors(page) == []


def test_a_failed_answer_is_said_and_the_other_network_is_drawn(store, monkeypatch):
    def prepare(question):
        return "there is not enough memory" if question.config.model.skip == "none" else block_maps(question)

    answer_with(monkeypatch, prepare)
    page = opened("saliency", show="depths", **TWO)
    assert errors(page) == ["there is not enough memory."]
    assert "ResNet-8: the largest value is 3.00" in said(page)


def test_over_training_every_kept_step_is_asked_about_for_one_class(filled, monkeypatch):
    analysts = answer_with(monkeypatch, block_maps)
    runs = sorted(filled.runs(), key=lambda run: run.arm)
    page = opened("saliency", show="over-training", first=runs[0].id, second=runs[-1].id)
    assert errors(page) == []
    steps = {(asked.run_id, asked.step) for asked in analysts.asked if asked.options.target == 1}
    kept = {run.id: filled.checkpoints(run.id) for run in (runs[0], runs[-1])}
    assert {step for _, step in steps} == {0, *(step for each in kept.values() for step in each)}
    assert "layer3.0: the largest value is 3.00 at step 0, 3.04 at step 4; the largest of all" in said(page)
    assert "2 of 2 steps measured" in said(page)


# films


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_a_film_has_a_frame_a_step_and_begins_again(kind, palette):
    frames = [
        Frame(f"step {step}", [Panel(name, "#0072b2", np.full((64, 64, 3), 40 * step, np.uint8), "to 1")
                               for name in ("plain-8", "ResNet-8")])
        for step in range(3)
    ]  # fmt: skip
    data = film(frames, Scale(1.0, True, "", True), palette, kind)
    with Image.open(BytesIO(data)) as picture:
        assert (picture.format.lower(), picture.n_frames, picture.info["loop"]) == (kind.lower(), 3, 0)
        assert picture.width > 128
    assert len(data) < 100_000
    assert film(frames[:1], Scale(NAN, False, ""), palette, kind)


def test_a_long_film_has_smaller_pictures_and_a_long_name_stays_in_its_panel():
    assert [side_of(frames) for frames in (1, 15, 16, 42)] == [224, 224, 160, 112]
    panels = [Panel("ResNet-56, no BN, option B, lr 0.05", "#0072b2", np.zeros((112, 112, 3), np.uint8), "")]
    short = [panels[0]._replace(name="")]
    long, other = (np.asarray(Image.open(BytesIO(film([Frame("", p)], Scale(1.0, False, ""), LIGHT, "WebP"))))
                   for p in (panels, short))  # fmt: skip
    assert np.abs(long[:, -12:].astype(int) - other[:, -12:]).max() < 16


@pytest.mark.parametrize("part", PARTS)
def test_every_part_says_in_two_sentences_what_it_shows_and_then_what_it_does_not(part):
    brief, more = instrument_text("saliency", part)
    assert brief.count(". ") == 1
    for word in ("Formula", "Source", "What this does not show"):
        assert word in more
