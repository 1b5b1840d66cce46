"""A page with nothing but a stage: `?runs=ID,ID&mode=live`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import streamlit as st

from app.live.component import stage
from resnet_core.runs.places import default_store
from resnet_core.runs.store import RunStore

st.set_page_config(layout="wide")
store = RunStore(default_store())
runs = [store.run(run_id) for run_id in st.query_params["runs"].split(",")]
st.button("Run the page again")
state = stage(runs, mode=st.query_params["mode"], key="stage", stores=[store])
st.text(f"all ended: {state.ended}")
