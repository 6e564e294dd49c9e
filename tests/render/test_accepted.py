"""What templates say to security scanners: each finding that is accepted has its row in docs/explanation/scans.md."""

from __future__ import annotations

import re
from typing import Any

from cfgen.document import load
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "explanation" / "scans.md"


def accepted() -> dict[tuple[str, str], str]:
    """(check, reason) → a resource that says so, of all goldens."""
    found: dict[tuple[str, str], str] = {}
    for golden in sorted((ROOT / "tests" / "goldens").glob("*.yaml")):
        resources: dict[str, Any] = load(golden.read_text(encoding="utf-8"))["Resources"]
        for name, body in resources.items():
            for skip in body.get("Metadata", {}).get("checkov", {}).get("skip", []):
                assert set(skip) == {"id", "comment"}, (golden.name, name)
                found[skip["id"], skip["comment"]] = f"{golden.name} {name}"
    return found


def test_what_is_accepted_is_told_and_nothing_else() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("## Accepted")[2]
    rows = re.findall(r"^\| `(CKV\w+)` \| [^|]+ \| ([^|]+) \| [^|]+ \|$", section, re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert set(rows) == set(accepted())
