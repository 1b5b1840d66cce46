"""Makes the pictures of the instruments, and the page that shows them, from the bundled recording.

`make record-instruments`: about two minutes.
"""

import re
import tempfile
from collections.abc import Mapping, Sequence

from record import RECORDINGS, ROOT, opened_browser, served

from resnet_core.runs.store import RunStore

FOLDER = ROOT / "assets" / "instruments"
WIDTH, HEIGHT = 1366, 1040
TITLES = {"gradients": "Gradients", "signal": "Signal", "saliency": "Saliency"}
LEFT_OUT = ("pointing-game",)  # it needs runs on generated shapes
DRAWN = ".rl-chart[aria-label] .main-svg, .grid button img"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    texts = {page: sections(page) for page in TITLES}
    runs = sorted(RunStore(RECORDINGS, writable=False).runs(), key=lambda run: run.arm)
    with tempfile.TemporaryDirectory(prefix="resnet-lab-") as folder, served(folder) as address:
        take_pictures(address, texts, [run.id for run in runs])
    (FOLDER / "README.md").write_text(as_page(texts), encoding="utf-8")


def sections(page: str) -> dict[str, str]:
    """The two sentences of each instrument."""
    text = (ROOT / "app" / "text" / f"{page}.md").read_text(encoding="utf-8")
    parts = re.findall(r"^## (\S+)\n\n(.+?)\n", text, re.MULTILINE)
    return {name: said for name, said in parts if name not in LEFT_OUT}


def take_pictures(address: str, texts: Mapping[str, Mapping[str, str]], run_ids: Sequence[str]) -> None:
    first, second = run_ids
    with opened_browser() as browser:
        tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1)
        for page, names in texts.items():
            for name in names:
                tab.goto(f"{address}/{page}?first={first}&second={second}&show={name}")
                tab.locator(DRAWN).first.wait_for(timeout=120_000)
                tab.wait_for_timeout(2000)  # what is measured first begins to be
                tab.get_by_text("Measuring:").wait_for(state="detached", timeout=120_000)
                tab.wait_for_timeout(1500)
                tab.screenshot(path=FOLDER / f"{name}.png")


def as_page(texts: Mapping[str, Mapping[str, str]]) -> str:
    """Every instrument with its two sentences and its picture."""
    lines = [
        "# The instruments",
        "",
        "Pictures of Gradients, Signal and Saliency on the bundled recording: plain-56 and ResNet-56 "
        "after 400 steps, seed 0. Formulas, sources and limits stand below each chart in the app.",
    ]
    for page, names in texts.items():
        lines += ["", f"## {TITLES[page]}"]
        for name, said in names.items():
            title = name.replace("-", " ").capitalize()
            lines += ["", f"### {title}", "", said, "", f"![{title}]({name}.png)"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
