"""Data goes one way: the imports of every module, followed to their ends, read without running anything."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TORCH = {"torch", "torchvision", "captum"}
PAGES = {"streamlit", "plotly"}
IMPORTS_TORCH = "safetensors.torch"  # a part of a package that is torch-free without it
TORCH_FREE = [
    "resnet_core.config", "resnet_core.records", "resnet_core.cost", "resnet_core.data.info",
    "resnet_core.data.order", "resnet_core.runs.places", "resnet_core.runs.store", "resnet_core.runs.catalog",
    "resnet_core.runs.metrics", "resnet_core.runs.archive", "resnet_core.runs.export",
    "resnet_core.runs.admission", "resnet_core.runs.executor", "resnet_core.runs.supervisor",
    "resnet_core.architecture.imagenet", "resnet_core.architecture.table",
    "resnet_core.architecture.paths", "resnet_core.architecture.years", "resnet_core.runs.origin",
    "resnet_core.runs.foreign_weights",
    "resnet_core.code", "resnet_core.laws",
    "resnet_core.findings", "resnet_core.questions", "resnet_core.analyst.answers",
    "resnet_core.analyst.pool", "resnet_core.analyst.pipes", "resnet_core.analyst.places",
    "resnet_core.analyst.inputs", "resnet_core.uploads",
]  # fmt: skip


def files_by_module(root: Path) -> dict[str, Path]:
    """Module name -> file, for both packages below `root`."""
    found = {}
    for path in sorted([*root.glob("app/**/*.py"), *root.glob("resnet_core/**/*.py")]):
        parts = path.relative_to(root).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported_names(module: str, path: Path, at_start_only: bool = False) -> Iterator[str]:
    """The dotted names that a file imports. An import inside a function counts, unless `at_start_only`."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in _statements(ast.parse(path.read_text(encoding="utf-8")), at_start_only):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level > 1 else package
            base = ".".join(filter(None, [above if node.level else "", node.module]))
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _statements(node: ast.AST, at_start_only: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        for_types_only = isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")
        later = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if for_types_only or (later and at_start_only):
            continue
        yield child
        yield from _statements(child, at_start_only)


class Imports:
    """The import graph of a source tree."""

    def __init__(self, root: Path):
        self.files = files_by_module(root)
        self.own, self.reach = cache(self._own), cache(self._reach)

    def _own(self, module: str, at_start_only: bool = False) -> set[str]:
        """What a module imports: modules of this tree by full name, others by their top name."""
        names = imported_names(module, self.files[module], at_start_only)
        return {self._resolve(name, module) for name in names} - {module}

    def _resolve(self, name: str, module: str) -> str:
        # Streamlit puts app/ on the path, so that app/state.py can be both `app.state` and `state`.
        spellings = (name, f"app.{name}") if module.startswith("app") else (name,)
        for spelling in spellings:
            for candidate in (spelling, spelling.rpartition(".")[0]):
                if candidate in self.files:
                    return candidate
        return "torch" if name.startswith(IMPORTS_TORCH) else name.split(".")[0]

    def _reach(self, module: str) -> frozenset[str]:
        seen, waiting = set(), {module}
        while waiting:
            current = waiting.pop()
            seen.add(current)
            if current in self.files:
                parents = {current.rsplit(".", up)[0] for up in range(1, current.count(".") + 1)}
                waiting |= (self.own(current) | parents & set(self.files)) - seen
        return frozenset(seen)

    def circle(self) -> list[str]:
        """The modules of one import circle, or nothing."""
        done: set[str] = set()
        for module in self.files:
            if found := self._circle_from(module, [], done):
                return found
        return []

    def _circle_from(self, module: str, path: list[str], done: set[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done or module not in self.files:
            return []
        for imported in sorted(self.own(module, at_start_only=True)):
            if found := self._circle_from(imported, [*path, module], done):
                return found
        done.add(module)
        return []


TREE = Imports(ROOT)
WEB = [module for module in TREE.files if module.split(".")[0] == "app"]
FIGURES = [module for module in WEB if module.startswith("app.figures")]
CORE = [module for module in TREE.files if module.split(".")[0] == "resnet_core"]


@pytest.mark.parametrize("module", WEB)
def test_the_web_process_cannot_reach_torch(module):
    assert not TREE.reach(module) & TORCH


@pytest.mark.parametrize("module", TORCH_FREE)
def test_the_plain_half_of_the_core_cannot_reach_torch(module):
    assert module in TREE.files
    assert not TREE.reach(module) & TORCH


@pytest.mark.parametrize("module", CORE)
def test_the_core_knows_no_page(module):
    assert not TREE.reach(module) & (PAGES | {"app"} | set(WEB))


@pytest.mark.parametrize("module", FIGURES)
def test_figures_are_functions_of_numbers(module):
    assert not TREE.reach(module) & (TORCH | {"streamlit"})


def test_no_module_imports_itself_by_a_detour():
    assert TREE.circle() == []


def test_the_plain_half_of_the_core_really_starts_without_torch():
    imports = "\n".join(f"import {module}" for module in TORCH_FREE)
    program = f"import sys\n{imports}\nsys.exit(sorted({TORCH | PAGES!r} & set(sys.modules)) or 0)"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


def test_the_reader_of_imports_finds_what_it_looks_for(tmp_path):
    written = {
        "resnet_core/__init__.py": "",
        "resnet_core/a.py": "def late():\n    from resnet_core import b\n",
        "resnet_core/b.py": "import resnet_core.c\n",
        "resnet_core/c.py": "from .b import x\nimport torch.nn as nn\n",
        "app/state.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import resnet_core.a\n",
        "app/views/home.py": "import state\nfrom resnet_core.a import late\n",
    }
    for name, text in written.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    tree = Imports(tmp_path)
    assert "torch" in tree.reach("resnet_core.a")
    assert tree.reach("app.views.home") >= {"app.state", "resnet_core.a", "torch"}
    assert tree.reach("app.state") == {"app.state", "typing"}
    assert tree.circle() == ["resnet_core.b", "resnet_core.c", "resnet_core.b"]
