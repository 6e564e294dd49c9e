"""Which linter finds which mistake: the table of docs/explanation/linters.md, made anew and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from cfgen.lint import Finding, fast
from tests.conftest import ROOT
from tests.lint.cases import CASES, KNOWN
from tests.lint.conftest import Findings
from tests.lint.kit import template

PAGE = ROOT / "docs" / "explanation" / "linters.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"


def _ids(findings: Iterable[Finding]) -> list[str]:
    """Ids of errors and warnings, and of our own notes: the others' notes are advice on every template."""
    told = (f for f in findings if f.severity != "info" or f.source == "cfgen")
    return sorted({f.rule_id for f in told})


def _rows(found: Findings) -> list[tuple[str, list[str], list[str], list[str]]]:
    mistakes = {case.name: template(case.bad) for case in CASES} | KNOWN
    rows = []
    for name, text in mistakes.items():
        theirs = _ids(f for f in found[f"bad {name}"] if f.source == "cfn-lint")
        ours = _ids(f for f in found[f"bad {name}"] if f.source == "cfgen")
        rows.append((name, theirs, ours, _ids(fast.check(text, name, everything=True))))
    return rows


def _table(found: Findings) -> str:
    rows = _rows(found)
    base = set(_ids(fast.check(template(), "base", everything=True)))
    assert base == set(), "the validator finds fault with the base template"
    counts = [sum(bool(row[column]) for row in rows) for column in (1, 2, 3)]
    either = sum(bool(row[1] or row[2]) for row in rows)
    lines = [
        BEGIN,
        f"Of {len(rows)} broken templates cfn-lint alone finds {counts[0]}, cfn-lint with cfgen's rules {either}, ",
        f"cloudformation-validate {counts[2]}. Only errors and warnings are counted.\n\n",
        "| mistake | cfn-lint | cfgen's rules | cloudformation-validate |\n|---|---|---|---|\n",
    ]
    lines += [f"| {name} | {' '.join(a)} | {' '.join(b)} | {' '.join(c)} |\n" for name, a, b, c in rows]
    return "".join([*lines, END])


def test_the_table_of_the_page_is_fresh(found: Findings, golden: Callable[[Path, str], None]) -> None:
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    golden(PAGE, before + _table(found) + rest.split(END)[1])


def test_there_are_more_than_fifty_mistakes() -> None:
    assert len(CASES) + len(KNOWN) > 150
