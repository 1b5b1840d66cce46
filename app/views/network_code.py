"""The code of the networks: a PyTorch module each, what differs marked, to copy and to take away."""

from collections.abc import Sequence
from functools import lru_cache

import streamlit as st

from app import state
from app.diagram.choice import Network
from app.diagram.component import code_view
from resnet_core.code import LinePair, differing_lines, model_code, notebook
from resnet_core.config import RunConfig, TrainingConfig


def codes(networks: Sequence[Network]) -> None:
    """The code of one network, or of two side by side."""
    written = {network.name: _code(network.config) for network in networks if network.config}
    for network in networks:
        if network.config is None:
            st.markdown(
                f"**{network.name}** has torchvision's own code; what is drawn here has its names and shapes:"
            )
            undrawn = ", aux_logits=False" if network.text == "googlenet" else ""
            made = f"torchvision.models.{network.text}(weights=None{undrawn})"
            st.code(f"import torchvision\n\nnetwork = {made}")
    if not written:
        return
    code_view(list(written), _lines(list(written.values())), key="code", present=state.is_presenting())
    for network in networks:
        if network.config:
            _downloads(network, written[network.name])
    st.caption(
        "It needs PyTorch alone, has torchvision's names where there are such, and the initial values and "
        "logits of the network that is trained here. The notebook trains it with the training settings of "
        "the race page, on pictures as they are, with the seed that is in the code."
    )


@lru_cache(maxsize=32)
def _code(config: RunConfig) -> str:
    info = config.data.info
    return model_code(config.model, info.channels, len(info.classes), config.data.side, config.seed)


def _lines(codes: Sequence[str]) -> list[LinePair]:
    if len(codes) == 2:
        return differing_lines(*codes)
    return [LinePair("same", line, None) for line in codes[0].splitlines()]


def _downloads(network: Network, code: str) -> None:
    name, module, book, _ = st.columns([3, 1, 1.3, 3], vertical_alignment="center")
    name.markdown(f"**{network.name}**")
    stem = file_stem(network)
    module.download_button(
        ".py", code, f"{stem}.py", "text/x-python", icon=":material/download:", on_click="ignore",
        key=f"module {network.text}", width="stretch",
    )  # fmt: skip
    training = TrainingConfig(
        **{name: value for name, value in state.settings().items() if name in TrainingConfig.model_fields}
    )
    config = network.config
    book.download_button(
        "Notebook", lambda: notebook(config.model, config.data, training, config.seed), f"{stem}.ipynb",
        "application/x-ipynb+json", icon=":material/download:", on_click="ignore",
        key=f"notebook {network.text}", width="stretch",
    )  # fmt: skip


def file_stem(network: Network) -> str:
    """The name of a network as that of a file: letters, digits and underscores."""
    letters = (letter if letter.isascii() and letter.isalnum() else " " for letter in network.name.lower())
    return "_".join("".join(letters).split())
