"""The table behind a chart: the same numbers, to read, to sort and to take away."""

from collections.abc import Mapping, Sequence

import streamlit as st


def as_columns(names: Sequence[str], rows: Sequence[Sequence]) -> dict[str, list]:
    """Rows as columns under their names."""
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def numbers(columns: Mapping[str, Sequence], *, key: str) -> None:
    """A foldable table; its columns are as long as each other."""
    with st.expander("The numbers of this chart"):
        st.dataframe(dict(columns), hide_index=True, width="stretch", key=f"numbers {key}")
