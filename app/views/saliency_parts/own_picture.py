"""A visitor's own picture, from a file or the camera: given, looked at, and refused in a sentence.

A picture is known by the SHA-256 of its bytes: another visitor sees it by that address alone.
"""

import streamlit as st

from app import state
from app.figures.montage import png
from app.views.charts import type_scale
from app.views.instrument_page import Scene
from app.views.instruments.switches import switch
from app.views.text import as_plain
from resnet_core.config import RunConfig
from resnet_core.questions import Question, question
from resnet_core.runs.store import StoreError
from resnet_core.saliency_findings import Upload

LARGEST_MEGABYTES = 8
KINDS = ("png", "jpg", "jpeg", "webp", "bmp", "gif")
WAYS = {"file": "A file", "camera": "The camera"}
PREVIEW, WIDTH = 150, 225  # px of what was given, and of the button
KEPT = (
    "This machine keeps the pixels alone, upright and at most 512 a side; name, place and everything else in "
    "the file is dropped. A network gets the square in the middle, at its own side. It answers even to what "
    "it has never seen, such as a photograph for a network that was trained on clothes."
)


def choose(scene: Scene) -> None:
    """Draws the button behind which a picture is given."""
    # What is behind a closed button is not drawn: the camera goes off.
    box = st.popover(
        "Choose a picture", icon=":material/add_a_photo:", key="own picture", on_change="rerun",
        width=round(WIDTH * type_scale()),
    )  # fmt: skip
    if box.open:
        with box:
            _ways()
            show_refusal(is_inside=True)
            _preview(scene)
            st.caption(KEPT)


def taken(scene: Scene) -> str:
    """The picture that was given last, once, when it turns out to be one; else nothing."""
    asked = state.remembered("own picture asked", "")
    reply = scene.ask.alone(_question(asked)) if asked else None
    if reply is None or reply.state in ("waiting", "working"):
        return ""
    state.remember("own picture asked", "")
    if reply.state == "failed":
        state.remember("own picture refused", _sentence(reply.problem))
        return ""
    return asked


def is_refused(scene: Scene, picture: str) -> bool:
    """Whether the file of a reference cannot be used, which is then said; unknown ones count as usable."""
    reply = scene.ask.alone(_question(picture))
    if reply.state == "failed":
        state.remember("own picture refused", _sentence(reply.problem))
    return reply.state == "failed"


def forget_refusal() -> None:
    """What was wrong with a picture is of no interest any more."""
    state.remember("own picture refused", "")


def show_refusal(is_inside: bool = False) -> None:
    """Why a picture was not taken, until one is."""
    refused = state.remembered("own picture refused", "")
    if refused and is_inside is state.is_open("own picture"):
        st.error(as_plain(refused), icon=":material/error:")


def _ways() -> None:
    way = switch("Where the picture comes from", WAYS, key="own picture from")
    if way == "file":
        st.file_uploader(
            f"A picture of at most {LARGEST_MEGABYTES} MB: PNG, JPEG, WebP, BMP or GIF", KINDS,
            max_upload_size=LARGEST_MEGABYTES, key="own file", on_change=lambda: _take("own file"),
        )  # fmt: skip
    else:
        st.camera_input("A photograph", key="own photo", on_change=lambda: _take("own photo"))


def _take(key: str) -> None:
    """Hands the bytes to the analysts, who say what they are; what is explained stays until then."""
    given = state.widget_value(key)
    if given is None:  # taken out of the widget again
        return
    forget_refusal()
    try:
        asked = state.analysts().take_file(given.getvalue())
    except (ValueError, StoreError) as error:
        state.remember("own picture refused", _sentence(str(error)))
    else:
        state.remember("own picture asked", asked.options.picture)


def _preview(scene: Scene) -> None:
    """What was made of the file that is explained, as large as it was kept."""
    if state.remembered("own picture asked", ""):
        st.caption("The picture is being read.")
        return
    which = state.remembered("picture of file", "")
    found = scene.ask.alone(_question(f"file:{which}")).finding if which else None
    if isinstance(found, Upload):
        width, height = (int(size) for size in found.size)
        words = f"{found.format}, {width:,} × {height:,} pixels"
        look = f"max-width:{PREVIEW}px;max-height:{PREVIEW}px;border-radius:4px"
        st.html(f'<img src="{png(found.pixels)}" alt="your picture, {words}" style="{look}">')
        st.caption(words)


def _question(picture: str) -> Question:
    return question("upload", RunConfig(), options={"picture": picture})


def _sentence(problem: str) -> str:
    said = problem[:1].upper() + problem[1:]
    return said if said.endswith((".", "!", "?")) else f"{said}."
