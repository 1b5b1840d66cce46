"""The page of `stage_page.py` behind a server with the live routes."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import streamlit as st

from app.live.delta import delta_routes
from app.live.library import static_routes
from resnet_core.runs.places import default_store
from resnet_core.runs.store import RunStore

store = RunStore(default_store())
app = st.App("stage_page.py", routes=[*delta_routes(lambda: [store]), *static_routes()])
