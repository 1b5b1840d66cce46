"""The server: the pages, the live routes, and the watch over the runs. Never imports torch.

`streamlit run app/server.py`, from the root of a checkout.
"""

import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # Streamlit puts app/ on the path, not the root
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from app.live.delta import delta_routes  # noqa: E402
from app.live.library import static_routes  # noqa: E402
from app.state import analysts, open_stores  # noqa: E402
from resnet_core.runs.store import RunStore  # noqa: E402
from resnet_core.runs.watch import watching  # noqa: E402

SECONDS_TO_WAIT_FOR_DEVICE = 60


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    """Runs are watched while the server lives; they go on without it."""
    store = open_stores()[0]
    threading.Thread(target=_announce_device, args=(store,), daemon=True).start()
    with watching(store):
        yield
    analysts().close()


def _announce_device(store: RunStore) -> None:
    """Says on the terminal where the page is, and where runs will train once a torch process has looked."""
    print(f"\n  Open http://{st.get_option('server.address')}:{st.get_option('server.port')}\n", flush=True)
    print(f"  Runs are kept in {store.root}", flush=True)
    for _ in range(SECONDS_TO_WAIT_FOR_DEVICE):
        machine = store.machine()
        if "device_name" in machine:
            print(f"  Runs train on {machine['device'].upper()}: {machine['device_name']}", flush=True)
            return
        time.sleep(1)


app = st.App(
    str(ROOT / "app" / "main.py"),
    routes=[*delta_routes(open_stores), *static_routes()],
    lifespan=lifespan,
)
