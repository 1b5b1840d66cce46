"""What every test stands on: a store that is nobody's, and the image sets that lie beside the checkout."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]

# The same examples every time, and no opinion on how fast a shared machine is.
settings.register_profile(
    "lab", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("lab")


@pytest.fixture(scope="session", autouse=True)
def surroundings(tmp_path_factory):
    """No test touches the user's own store, and none downloads what is already here."""
    sets_beside = ROOT.parent / "shared" / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESNET_LAB_STORE", str(tmp_path_factory.mktemp("store")))
        patch.delenv("RESNET_LAB_SLOTS", raising=False)
        if sets_beside.is_dir() and not os.environ.get("RESNET_LAB_DATA"):
            patch.setenv("RESNET_LAB_DATA", str(sets_beside))
        yield
