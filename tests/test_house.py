"""The house stays as it is drawn: data flows one way, rooms stay small, every module says what it is for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "generator" / "cfgen"
MODULES = sorted(PACKAGE.rglob("*.py"))
# what each room may use of the others
ALLOWED = {
    "spec": set(),
    "catalogue": set(),
    "models": set(),
    "resolve": {"spec", "catalogue", "models"},
    "render": {"resolve"},
    # lint renders a spec it is given, by one seam
    "lint": {"catalogue", "pipeline"},
    "sandbox": set(),
    # a plan is of a template as one launch would make it, which lint evaluates
    "plan": {"spec", "catalogue", "resolve", "render", "lint"},
    "deploy": {"spec", "catalogue", "resolve", "render", "lint", "plan", "sandbox", "pipeline"},
    "publish": {"spec", "catalogue", "resolve", "render", "lint", "sandbox", "deploy", "pipeline"},
}
ROOMS = {*ALLOWED, "cli", "docs", "pipeline", "memory"}


def rooms_used(path: Path) -> set[str]:
    """The rooms of cfgen that a module imports, wherever in it the import stands."""
    used = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        used |= {name.split(".")[1] for name in names if name.startswith("cfgen.") and name.count(".")}
    return used & ROOMS


@pytest.mark.parametrize("room", ALLOWED)
def test_no_stage_imports_a_later_one(room: str) -> None:
    for path in (PACKAGE / room).rglob("*.py"):
        assert rooms_used(path) - {room} <= ALLOWED[room], path


@pytest.mark.parametrize("path", MODULES, ids=[str(m.relative_to(PACKAGE)) for m in MODULES])
def test_a_module_says_what_it_is_for_and_stays_small(path: Path) -> None:
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text)), path
    assert len(text.splitlines()) <= 400, path


def test_what_runs_inside_aws_imports_nothing_of_cfgen() -> None:
    for path in (ROOT / "templates" / "functions").glob("*.py"):
        assert not rooms_used(path)
        assert "cfgen" not in {
            alias.name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import)
            for alias in node.names
        }
