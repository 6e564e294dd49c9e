"""Findings as text for people, and as JSON, SARIF and JUnit for machines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cfgen.lint.findings import Finding
from cfgen.lint.report.formats import as_json, as_junit
from cfgen.lint.report.sarif import as_sarif

# (findings, files looked at) → text; pretty has an option of its own and stands apart
MACHINE: dict[str, Callable[[Sequence[Finding], Sequence[str]], str]] = {
    "json": as_json,
    "sarif": as_sarif,
    "junit": as_junit,
}
