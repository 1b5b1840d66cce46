"""Which picture is explained: chosen, in the address, given by the visitor, or out of the gallery."""

import base64
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st
from PIL import Image

from app import state
from app.figures.gallery import thumbnail
from app.views.picture_link import corrected
from app.views.saliency_parts import gallery
from app.views.saliency_parts.gallery_filter import ALL, filters, those
from app.views.saliency_parts.picture_said import HEIGHT, said_picture
from app.views.steady_key import steady_key, when_chosen
from app.views.text import instrument_text
from resnet_core.config import from_flat
from resnet_core.questions import question
from resnet_core.saliency_findings import BlockMaps, Gallery, Upload
from tests.app.answers import answer_with
from tests.app.pages import drawn, errors, link_of, opened, press, texts

TWO = {"first": "none-8~width:2@fashion-mnist-16", "second": "identity-8~width:2@fashion-mnist-16"}
OTHER_SET = TWO | {"second": "identity-8~width:2@cifar10-32"}
FILE = "file:" + 32 * "ab"


def look(name: str = "plain-8", **settings):
    """What the parts need of a network."""
    return SimpleNamespace(name=name, config=from_flat(settings))


def scene(*looks, is_waiting: bool = False):
    return SimpleNamespace(looks=looks, ask=SimpleNamespace(is_waiting=is_waiting))


def maps(logits, label: int, target: int, picture=None) -> BlockMaps:
    picture = np.zeros((1, 16, 16), np.uint8) if picture is None else picture
    values = {"picture": picture, "logits": np.array(logits, float), "label": label, "target": target}
    return BlockMaps(**dict.fromkeys(BlockMaps._fields) | values)


def shown_pictures(predicted, labels=(0, 1, 2, 3)) -> Gallery:
    count = len(predicted)
    return Gallery(
        numbers=np.arange(count),
        pictures=np.full((count, 1, 16, 16), 9, np.uint8),
        labels=np.array(labels),
        predicted=np.array(predicted),
        confidences=np.full(count, 0.75),
        label_probabilities=np.full(count, 0.25),
    )


def pixels_of(address: str) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(base64.b64decode(address.partition(",")[2]))))


def test_the_text_says_in_two_sentences_what_is_shown_and_then_what_it_does_not():
    brief, more = instrument_text("saliency", "pictures")
    assert brief.count(". ") == 1
    assert all(word in more for word in ("Formula", "Source", "BN", "What this does not show"))


# the address


@pytest.mark.parametrize(
    ("picture", "target", "kept", "said"),
    [
        ("", "", ("", ""), []),
        ("test:007", "4", ("test:7", "4"), []),
        ("shapes:9999999", "09", ("shapes:9999999", "9"), []),
        (FILE, "", (FILE, ""), []),
        ("test:2000", "", ("", ""), ["picture: 'test:2000' is not there; there are test:0 to test:1999, "]),
        ("file:AB", "", ("", ""), ["picture: 'file:AB' is not there; "]),
        ("test:1\n", "", ("", ""), ["picture: "]),
        ("test:٣", "", ("", ""), ["picture: "]),
        ("x" * 5000, "-1", ("", ""), ["picture: 'xxx", "target: '-1' is not there; classes are 0 to 9."]),
        ("shapes:1", "10", ("shapes:1", ""), ["target: '10' is not there; classes are 0 to 9."]),
        ("shapes:1", "4²", ("shapes:1", ""), ["target: "]),
    ],
)
def test_a_picture_and_a_class_of_a_link_are_shown_or_refused_in_a_sentence(picture, target, kept, said):
    settings = {"picture": picture, "target": target}
    problems = corrected(settings, [look()])
    assert (settings["picture"], settings["target"]) == kept
    assert len(problems) == len(said)
    assert all(words in problem for words, problem in zip(said, problems, strict=True))


def test_networks_of_different_classes_have_no_class_and_the_test_pictures_of_both():
    settings = {"picture": "test:5000", "target": "3"}
    problems = corrected(settings, [look(), look(dataset="cifar10", side=32)])
    assert settings == {"picture": "", "target": ""}
    assert "test:1999" in problems[0], "the smaller set"
    assert problems[1] == (
        "target: the two networks tell different classes apart, so each explains what it says."
    )


# what the networks say of it


def test_the_room_of_the_picture_is_there_before_anything_is_known():
    assert f"min-height:{HEIGHT}px" in said_picture(scene(look()), "test:0", [None])
    assert "being sent" in said_picture(scene(look(), is_waiting=True), "test:0", [None])


def test_the_picture_its_label_what_is_said_and_the_explained_logit_stand_in_the_row():
    found = maps([0, 0, 5, 0, 0, 0, 0, 0, 0, -2.5], label=2, target=9)
    html = said_picture(scene(look("A"), look("B")), "test:7", [found, found])
    assert "Test picture 7, labelled pullover." in html
    # e^5 / (e^5 + 8 + e^-2.5) = 0.948
    assert "A says: pullover 95%, T-shirt 1%, trouser 1% (right). Explained: ankle boot, logit −2.50." in html
    assert html.count("<img") == 1, "both see the same"


def test_networks_of_other_sides_show_what_each_of_them_sees():
    large = maps(np.zeros(10), 0, 0, np.zeros((3, 32, 32), np.uint8))
    html = said_picture(scene(look("A"), look("B")), "test:0", [maps(np.zeros(10), 0, 0), large])
    assert "as A sees it, 16 pixels wide" in html
    assert "as B sees it, 32 pixels wide" in html


def test_what_has_no_label_is_neither_right_nor_wrong():
    found = maps(np.arange(10), label=-1, target=9)
    shape = said_picture(scene(look()), "shapes:0", [found])
    assert "which is none of the network&#x27;s classes" in shape
    assert "(right)" not in shape + said_picture(scene(look()), FILE, [found])
    assert "(wrong)" not in shape
    nothing = said_picture(scene(look()), "test:0", [maps(np.full(10, np.nan), 0, 0)])
    assert "plain-8 says nothing: 10 logits are not finite." in nothing


# the choice


def test_the_picture_and_the_class_of_the_link_are_asked_about_and_change_with_the_choice(root, monkeypatch):
    analysts = answer_with(monkeypatch, lambda asked: None)
    page = opened("saliency", show="depths", picture="shapes:3", target="4", **TWO)
    assert errors(page) == []
    assert analysts.asked[-1].options.model_dump() == {"picture": "shapes:3", "target": 4}
    page.number_input(key="explained shapes 0").set_value(9)
    page.selectbox(key="explained class of 10 0").set_value(0)
    drawn(page)
    assert link_of(page) == {"show": "depths", "picture": "shapes:9", **TWO}
    assert analysts.asked[-1].options.model_dump() == {"picture": "shapes:9", "target": None}
    press(page, "another shapes")
    assert link_of(page)["picture"].startswith("shapes:")
    page.selectbox(key="picture source of test shapes file 0").set_value("test")
    drawn(page)
    assert "picture" not in link_of(page)


def test_networks_of_different_classes_explain_what_each_says(root, monkeypatch):
    answer_with(monkeypatch, lambda asked: None)
    page = opened("saliency", show="depths", **OTHER_SET)
    box = page.selectbox(key="explained class of 0 0")
    assert box.disabled
    assert box.options == ["classes differ"]


@pytest.fixture
def widgets(monkeypatch):
    """What widgets say, by key."""
    kept, said = {}, {}
    monkeypatch.setattr(state, "remember", kept.__setitem__)
    monkeypatch.setattr(state, "remembered", kept.get)
    monkeypatch.setattr(state, "widget_value", said.__getitem__)
    return said


def test_a_widget_keeps_its_key_while_the_visitor_chooses_in_it(widgets):
    chosen = []
    key = steady_key("number", 3)
    widgets[key] = 4
    when_chosen("number", key, chosen.append)()
    assert chosen == [4]
    assert steady_key("number", 4) == key


def test_what_a_browser_still_says_of_a_widget_that_is_set_from_elsewhere_is_no_choice(widgets):
    chosen = []
    old = steady_key("number", 3)
    widgets[old] = 3
    when_chosen("number", old, chosen.append)()  # the widget has left the page and says its value again
    new = steady_key("number", 16)
    assert new != old
    widgets[old] = 5
    when_chosen("number", old, chosen.append)()
    assert chosen == []


# the visitor's own


def own_page(monkeypatch, prepare, taken):
    analysts = answer_with(monkeypatch, lambda asked: prepare if asked.instrument == "upload" else None)
    monkeypatch.setattr(analysts, "take_file", taken, raising=False)
    page = opened("saliency", show="depths", **TWO)
    page.selectbox(key="picture source of test shapes file 0").set_value("file")
    page.session_state["own picture"] = True
    drawn(page)
    page.file_uploader(key="own file").set_value(("me.png", b"bytes", "image/png"))
    return drawn(page)


def asked_about(data: bytes):
    assert data == b"bytes"
    return question("upload", from_flat({}), options={"picture": FILE})


def test_a_file_is_explained_once_it_is_a_picture(root, monkeypatch):
    found = Upload(np.full((6, 8, 3), 200, np.uint8), np.array("PNG"), np.array([800, 600]))
    page = own_page(monkeypatch, found, asked_about)
    assert errors(page) == []
    assert link_of(page)["picture"] == FILE
    assert "PNG, 800 × 600 pixels" in texts(page)
    assert "keeps the pixels alone" in texts(page)


def test_a_file_that_is_none_is_refused_in_a_sentence_and_nothing_else_changes(root, monkeypatch):
    page = own_page(monkeypatch, "this is an SVG drawing; save it as PNG", asked_about)
    assert errors(page) == ["This is an SVG drawing; save it as PNG."]
    assert "picture" not in link_of(page)
    page.selectbox(key="picture source of test shapes file 0").set_value("shapes")
    drawn(page)
    assert errors(page) == []


def test_a_file_of_a_wrong_size_is_refused_before_it_is_sent(root, monkeypatch):
    def taken(data: bytes):
        raise ValueError("the file has 0 bytes")

    page = own_page(monkeypatch, None, taken)
    assert errors(page) == ["The file has 0 bytes."]


def test_a_file_of_a_link_that_is_not_here_is_said_and_a_test_picture_explained(root, monkeypatch):
    analysts = answer_with(
        monkeypatch,
        lambda asked: "this picture is not here any more" if asked.instrument == "upload" else None,
    )
    page = opened("saliency", show="depths", picture=FILE, **TWO)
    assert errors(page) == ["This picture is not here any more."]
    assert "picture" not in link_of(page)
    assert {a.options.picture for a in analysts.asked if a.instrument == "block-maps"} == {"test:0"}
    assert errors(drawn(page)) == ["This picture is not here any more."], "until another is chosen"


# the gallery


def test_thumbnails_are_the_picture_or_means_of_its_squares():
    grey = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    assert (pixels_of(thumbnail(grey)) == grey[0]).all()
    large = np.zeros((3, 64, 64), np.uint8)
    large[0, 0, 0], large[0, 0, 1] = 40, 80  # (40 + 80 + 0 + 0) / 4 = 30
    small = pixels_of(thumbnail(large))
    assert small.shape == (32, 32, 3)
    assert small[0, 0].tolist() == [30, 0, 0]
    assert not small[1:].any()


def test_pictures_are_filtered_by_who_is_right_and_by_class():
    nothing = shown_pictures([], ())
    assert those([nothing], ALL).tolist() == []
    first, second = shown_pictures([0, 1, 0, 0]), shown_pictures([0, 2, 2, 2])  # right at 0, 1 and at 0, 2
    found = [first, second]
    kinds = {who: those(found, who).tolist() for who in filters(["A", "B"])}
    assert kinds == {ALL: [0, 1, 2, 3], "01": [2], "10": [1], "11": [0], "00": [3]}
    assert those([first], "1").tolist() == [0, 1]
    assert those(found, "01", label=2).tolist() == [2]
    assert those(found, "01", label=1).tolist() == []


@pytest.fixture
def buttons(monkeypatch):
    """The grid as buttons of Streamlit's, which a test can press."""
    seen = {}

    def drawn_as_buttons(shown, chosen, *, key, label, on_choose):
        seen.update(shown=shown, chosen=chosen)
        for each in shown:
            st.button(each.alt, key=f"thumbnail {each.number}", on_click=on_choose, args=(each.number,))

    monkeypatch.setattr(gallery, "thumbnails", drawn_as_buttons)
    return seen


def test_the_picture_that_is_pressed_is_explained_on_every_part(root, monkeypatch, buttons):
    said = {"none": [0, 1, 0, -1], "identity": [0, 2, 2, 2]}
    analysts = answer_with(
        monkeypatch,
        lambda asked: (
            shown_pictures(said[asked.config.model.skip]) if asked.instrument == "gallery" else None
        ),
    )
    page = opened("saliency", show="pictures", **TWO)
    assert errors(page) == []
    counts = "plain-8 is right on 2 of 4 (50.0%); ResNet-8 is right on 2 of 4 (50.0%); only plain-8 on 1, "
    assert counts + "only ResNet-8 on 1. Shown: 1 to 4 of 4." in texts(page)
    assert buttons["chosen"] == 0
    assert buttons["shown"][3].lines[0][0] == "✗ nothing 75%"
    page.selectbox(key="gallery shows of 2 0").set_value("01")
    drawn(page)
    assert [each.number for each in buttons["shown"]] == [2]
    words = "plain-8 says T-shirt 75%, wrong. ResNet-8 says pullover 75%, right."
    assert buttons["shown"][0].alt == f"Test picture 2, labelled pullover. {words}"
    press(page, "thumbnail 2")
    assert (link_of(page)["picture"], buttons["chosen"]) == ("test:2", 2)
    assert analysts.asked[-1].instrument == "gallery"
    page.selectbox(key="gallery class of 11 0").set_value(5)
    drawn(page)
    assert "None of these pictures is of this kind." in texts(page)


def test_the_gallery_waits_and_shows_one_of_two_sets(root, monkeypatch, buttons):
    answer_with(monkeypatch, lambda asked: None)
    page = opened("saliency", show="pictures", **OTHER_SET)
    assert errors(page) == []
    assert "being sent through the networks" in texts(page)
    assert buttons["shown"] == []
    names = page.button_group(key="gallery of").options
    assert names == ["plain-8: Fashion-MNIST, 12k", "ResNet-8: CIFAR-10"]
