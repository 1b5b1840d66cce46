"""The entry script of every page: path, page settings, navigation.

Also runs alone, without the live routes: `streamlit run app/main.py`.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from app.state import is_presenting, keep_watch  # noqa: E402

st.set_page_config(
    page_title="ResNet Lab",
    page_icon=":material/conversion_path:",
    layout="wide",
    initial_sidebar_state="collapsed" if is_presenting() else "expanded",
)
st.html("<style>[data-testid=stMainBlockContainer]{padding-inline:2rem}</style>")
keep_watch()
st.navigation(
    [
        st.Page("views/race.py", title="Race", icon=":material/conversion_path:", default=True),
        st.Page("views/architecture.py", title="Architecture", icon=":material/account_tree:"),
        st.Page("views/gradients.py", title="Gradients", icon=":material/trending_down:"),
        st.Page("views/signal.py", title="Signal", icon=":material/graphic_eq:"),
        st.Page("views/saliency.py", title="Saliency", icon=":material/center_focus_strong:"),
        st.Page("views/runs.py", title="Runs", icon=":material/list_alt:"),
        st.Page("views/variants.py", title="Variants", icon=":material/fork_right:"),
    ],
    position="top",
).run()
