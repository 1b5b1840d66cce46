"""The unrolled view of a residual network: a path for each way to go through or past its blocks."""

from collections.abc import Sequence

import streamlit as st

from app.diagram.choice import Network
from app.figures.paths import count_in_words, drawn_paths, path_lengths
from app.figures.theme import ArmStyle, Palette, styles_of
from app.views.charts import chart, palette
from resnet_core.architecture import Unit
from resnet_core.architecture.paths import (
    LISTED_UNITS,
    length_deviation,
    listed_paths,
    mean_length,
    path_count,
    share_between,
)

LESSON = (
    "Delete one block of a trained ResNet-110 and half of its paths remain: except where the shape changes, "
    "the error hardly moves; delete any layer of VGG and its only path is gone (Veit et al. 2016). The paths "
    "share their weights and are not linear, so an *ensemble* of independent networks is a way of looking at "
    "it, not a theorem."
)
ONE_PATH = "Nothing goes past anything here: there is one path, through every layer."
MANY = 8  # blocks from which a sentence about the middle says more than the bars
NO_SUM = (
    "Here maps are put behind each other, not added, so the count of 2^n does not apply: every layer reads "
    "those of each earlier one in its dense block directly."
)
PARALLEL = (
    "Nothing goes past anything here: ways lie beside each other and their maps are put behind each other, "
    "but each of them leads through layers."
)


def views(networks: Sequence[Network]) -> None:
    """One view a network; of two, side by side."""
    styles = styles_of([network.kind for network in networks])
    for column, network, style in zip(st.columns(len(networks)), networks, styles, strict=True):
        with column:
            st.markdown(f"**{network.name}**")
            _view(network, style, palette())
    st.caption(LESSON)


def added_units(network: Network) -> list[Unit]:
    """The units whose paths meet in a sum: each doubles the number of ways through."""
    return [unit for unit in network.plan.skip_units if unit.merge != "concatenate"]


def _view(network: Network, style: ArmStyle, colors: Palette) -> None:
    units = added_units(network)
    if not units:
        st.info(_why_uncounted(network), icon=":material/linear_scale:")
        return
    n = len(units)
    mean, deviation = mean_length(n), length_deviation(n)
    st.markdown(f"#### {n} blocks: $2^{{{n}}} {_equals(path_count(n))}$ paths")
    if n >= MANY:
        low, high = round(mean - 2 * deviation), round(mean + 2 * deviation)
        st.caption(
            f"{share_between(n, low, high):.1%} of them go through {low} to {high} of the {n} branches."
        )
    chart(
        path_lengths(n, style, colors), key=f"paths {network.text}",
        alt=f"Share of the paths by length: mean {mean:g}, standard deviation {deviation:.2f}",
    )  # fmt: skip
    if n <= LISTED_UNITS:
        st.markdown("Every path, the shortest first: F goes through the branch, the line goes past it.")
        figure = drawn_paths(listed_paths(n), [unit.name for unit in units], style, colors)
        about = f"The {2**n} paths through {n} blocks"
        chart(figure, key=f"drawn {network.text}", alt=about, is_still=True)


def _why_uncounted(network: Network) -> str:
    if network.plan.skip_units:
        return NO_SUM
    return PARALLEL if any(unit.merge for unit in network.plan.units) else ONE_PATH


def _equals(count: int) -> str:
    head, power, exponent = count_in_words(count).partition(" · 10^")
    return f"\\approx {head} \\cdot 10^{{{exponent}}}" if power else "= " + head.replace(",", "{,}")
