"""One headless Chromium for the walks, and tabs whose console must stay without an error."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
SLOWEST_MS = 60_000  # a shared machine may take its time


@pytest.fixture(scope="module")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    playwright.expect.set_options(timeout=SLOWEST_MS)
    with playwright.sync_playwright() as driver:
        path = os.environ.get("RESNET_LAB_CHROMIUM") or installed_chromium()
        if not os.path.exists(path or driver.chromium.executable_path):
            pytest.skip("there is no Chromium; `make test` fetches one")
        browser = driver.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


def installed_chromium() -> str | None:
    return shutil.which("chromium-headless-shell") or shutil.which("chromium")


@pytest.fixture(scope="module")
def contexts(chromium) -> dict:
    """One for each kind of screen, kept for a module: the page's scripts are fetched and compiled once."""
    return {}


@pytest.fixture(scope="module")
def open_tab(chromium, contexts):
    """`with open_tab(address, **media) as page`: fails when the page or its console knew of an error."""

    @contextmanager
    def opened(address: str, **media) -> Iterator:
        screen = {"viewport": {"width": 1366, "height": 1000}} | media
        context = contexts.get(str(screen)) or chromium.new_context(**screen)
        contexts[str(screen)] = context
        page, errors = context.new_page(), []
        page.set_default_timeout(SLOWEST_MS)
        page.on("console", lambda said: errors.append(error_of(said)) if is_error(said) else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        yield page
        page.evaluate("localStorage.clear()")  # what a visitor has folded away
        page.close()
        assert errors == []

    return opened


def is_error(said) -> bool:
    """On a page that is not the first one, Streamlit looks for its own root from the inside out."""
    is_search = re.fullmatch(r"http://[^/]+/\w+/_stcore/(health|host-config)", said.location["url"])
    return said.type == "error" and not is_search


def error_of(said) -> str:
    return f"{said.text} ({said.location['url']})"
