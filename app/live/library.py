"""The scripts of stage, diagram and charts as one bundle each, and Plotly.js out of the plotly package.

A bundle needs no tool: each module becomes a function that returns what the module exports, one after the
other in an order in which every import is already there.
"""

import functools
import gzip
import hashlib
import importlib.resources
import json
import re
from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOLDER = Path(__file__).parent / "stage"
MODULES = (
    "wire", "run", "text", "describe", "fill_curves", "bars", "fill_profile", "fill_heat", "panel", "arms",
    "pictures", "transport", "source", "page", "stage",
)  # fmt: skip
CHARTS = Path(__file__).parents[1] / "charts"
DIAGRAM = Path(__file__).parents[1] / "diagram"
DIAGRAM_MODULES = (
    "svg", "place", "marks", "sizes", "flow", "arcs", "draw", "inside", "panel", "keys", "legend", "code",
    "diagram",
)  # fmt: skip
_IMPORT = re.compile(r"^import [^;]*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:function|class|const) (\w+))", re.MULTILINE)


def stage_script() -> str:
    """All modules and the style sheet as one script that exports `show` and `unmount`."""
    return _bundled((*(FOLDER / f"{name}.js" for name in MODULES), FOLDER.parent / "stage.css"))


def diagram_script() -> str:
    """The same for the diagram, which shares two modules with the stage."""
    own = (DIAGRAM / "script" / f"{name}.js" for name in DIAGRAM_MODULES)
    return _bundled((FOLDER / "text.js", FOLDER / "page.js", *own, DIAGRAM / "diagram.css"))


def chart_script() -> str:
    """The same for a chart that stands still until its numbers change."""
    return _bundled((FOLDER / "text.js", FOLDER / "page.js", CHARTS / "chart.js", CHARTS / "chart.css"))


def _bundled(sources: tuple[Path, ...]) -> str:
    return _bundle(sources, tuple(path.stat().st_mtime_ns for path in sources))


@functools.lru_cache(maxsize=8)
def _bundle(sources: tuple[Path, ...], _changed: tuple[int, ...]) -> str:
    *modules, style = (path.read_text("utf-8") for path in sources)
    bodies = [_as_function(text) for text in modules]
    return "\n".join([f"const STYLE = {json.dumps(style)};", *bodies, "export { show, unmount };\n"])


def _as_function(module: str) -> str:
    names = ", ".join(name for _, name in _EXPORT.findall(module))
    body = _EXPORT.sub(r"\1", _IMPORT.sub("", module))
    return f"const {{ {names} }} = (() => {{\n{body}return {{ {names} }};\n}})();"


@functools.cache
def plotly_script() -> str:
    return (importlib.resources.files("plotly") / "package_data" / "plotly.min.js").read_text("utf-8")


@functools.lru_cache(maxsize=8)
def version(script: str) -> str:
    """A name that changes with the content, so that browsers may keep a script for ever."""
    return hashlib.blake2b(script.encode(), digest_size=8).hexdigest()


@functools.lru_cache(maxsize=8)
def _packed(script: str) -> bytes:
    return gzip.compress(script.encode(), 6, mtime=0)


def static_routes() -> list[Route]:
    """`GET /lib/{stage,diagram,chart,plotly}.js`, kept by the browser when asked for with `?v=VERSION`."""
    scripts = {
        "stage": stage_script, "diagram": diagram_script, "chart": chart_script, "plotly": plotly_script
    }  # fmt: skip
    return [Route(f"/lib/{name}.js", _serves(script)) for name, script in scripts.items()]


def _serves(read: Callable[[], str]) -> Callable[[Request], Response]:
    def serve(request: Request) -> Response:
        script = read()
        is_exact = request.query_params.get("v") == version(script)
        headers = {
            "Cache-Control": "public, max-age=31536000, immutable" if is_exact else "no-cache",
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(script, media_type="text/javascript", headers=headers)
        return Response(
            _packed(script), media_type="text/javascript", headers=headers | {"Content-Encoding": "gzip"}
        )

    return serve
