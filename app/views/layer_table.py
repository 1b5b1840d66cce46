"""Every layer of a network in a table: shape, parameters, multiply-adds, receptive field, memory."""

from collections.abc import Sequence

import streamlit as st

from app.diagram.choice import Network
from app.diagram.formula import shape_text
from resnet_core.architecture.table import LayerRow, layer_rows

MEGA = 1e6


def tables(networks: Sequence[Network], batch: int) -> None:
    """One table a network; of two, side by side."""
    size, which = st.columns([1, 4], vertical_alignment="bottom")
    batch = size.number_input("Pictures in the batch", 1, 1024, batch, key="layers batch")
    with which:
        everything = st.toggle("Norms and learned numbers too", key="layers all")
    for column, network in zip(st.columns(len(networks)), networks, strict=True):
        with column:
            st.markdown(f"**{network.name}**")
            _table(network, batch, everything)
    st.caption(
        "Output: channels × height × width of one picture. Field: the side, in pixels of the picture, of "
        "what one number sees, through the shortest way and through the longest. Memory: the outputs of the "
        "whole batch in float32, norms among them, activation functions not. Multiply-adds: of one picture's "
        "forward pass, in convolutions and matrix products."
    )


def _table(network: Network, batch: int, everything: bool) -> None:
    rows = layer_rows(network.plan, batch)
    shown = [row for row in rows if everything or row.is_layer]
    st.dataframe(
        columns_of(shown, rows), hide_index=True, width="stretch", height=min(75 + 35 * len(shown), 460),
        key=f"layers {network.text}", row_height=35,
        column_config={
            "Parameters": st.column_config.NumberColumn(format="localized"),
            "Multiply-adds": st.column_config.NumberColumn(format="compact"),
            "Memory, MB": st.column_config.NumberColumn(format="%.2f"),
        },
    )  # fmt: skip


def columns_of(shown: Sequence[LayerRow], rows: Sequence[LayerRow]) -> dict[str, list]:
    """The columns of a table: the rows that are shown, and the sums of all of them."""
    return {
        "Layer": [*(row.name for row in shown), "all together"],
        "What": [*map(_what, shown), ""],
        "Output": [*(shape_text(row.outputs) for row in shown), ""],
        "Parameters": [*(row.parameters for row in shown), sum(row.parameters for row in rows)],
        "Multiply-adds": [*(row.multiply_adds for row in shown), sum(row.multiply_adds for row in rows)],
        "Field, px": [*map(_field, shown), ""],
        "Memory, MB": [
            *(row.output_bytes / MEGA for row in shown), sum(row.output_bytes for row in rows) / MEGA
        ],
    }  # fmt: skip


def _what(row: LayerRow) -> str:
    kernel = f" {row.kernel}×{row.kernel}" if row.kernel else ""
    return f"{row.kind}{kernel}" + (f", stride {row.stride}" if row.stride > 1 else "")


def _field(row: LayerRow) -> str:
    smallest, largest = row.smallest_field, row.largest_field
    return f"{smallest}" if smallest == largest else f"{smallest} to {largest}"
