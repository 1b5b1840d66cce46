"""The server: the pages, the live routes, and the watch over the runs.

`python app/server.py` or `streamlit run app/server.py`, from the root of a checkout. Never imports torch.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # Streamlit puts app/ on the path, not the root
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from app.live.delta import delta_routes, static_routes  # noqa: E402
from app.start import announce_device, free_port  # noqa: E402
from app.state import open_stores  # noqa: E402
from resnet_core.runs.watch import watching  # noqa: E402


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Runs are watched while the server lives; they go on without it."""
    store = open_stores()[0]
    with watching(store):
        announce_device(store)
        yield


app = st.App(
    str(ROOT / "app" / "main.py"),
    routes=[*delta_routes(open_stores), *static_routes()],
    lifespan=lifespan,
)

if __name__ == "__main__":
    app.run(config={"server.port": free_port(sys.argv[1:])})
