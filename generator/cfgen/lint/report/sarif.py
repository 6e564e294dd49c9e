"""SARIF 2.1.0, as code scanning services take it (OASIS, "Static Analysis Results Interchange Format")."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cfgen import __version__
from cfgen.lint.findings import Finding, Severity

_LEVEL: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}


def as_sarif(findings: Sequence[Finding], files: Sequence[str]) -> str:
    """One run of one tool; every rule that found something is described once."""
    rules: dict[str, Finding] = {}
    for finding in findings:
        rules.setdefault(_rule_id(finding), finding)
    places = {rule_id: index for index, rule_id in enumerate(rules)}
    driver = {
        "name": "cfgen",
        "version": __version__,
        "rules": [_rule(rule_id, finding) for rule_id, finding in rules.items()],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": {"uri": _uri(file)}} for file in files],
        "results": [_result(finding, places) for finding in findings],
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(log, indent=2) + "\n"


def _rule_id(finding: Finding) -> str:
    """cloudformation-validate uses cfn-lint's ids with meanings of its own."""
    return (
        f"{finding.source}/{finding.rule_id}"
        if finding.source == "cloudformation-validate"
        else finding.rule_id
    )


def _rule(rule_id: str, finding: Finding) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": rule_id,
        "shortDescription": {"text": finding.title or rule_id},
        "defaultConfiguration": {"level": _LEVEL[finding.severity]},
        "properties": {"tags": [finding.source]},
    }
    if finding.fix and finding.source == "cfgen":
        rule["help"] = {"text": finding.fix}
    return rule


def _result(finding: Finding, places: dict[str, int]) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.file)}}
    if finding.line and not finding.rendered:
        region = {"startLine": finding.line, "startColumn": max(finding.column, 1)}
        if (finding.end_line, finding.end_column) > (finding.line, finding.column):
            region |= {"endLine": finding.end_line, "endColumn": max(finding.end_column, 1)}
        physical["region"] = region
    location: dict[str, Any] = {"physicalLocation": physical}
    if finding.path:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.path}]
    rule_id = _rule_id(finding)
    return {
        "ruleId": rule_id,
        "ruleIndex": places[rule_id],
        "level": _LEVEL[finding.severity],
        "message": {"text": finding.message + (f" Fix: {finding.fix}." if finding.fix else "")},
        "locations": [location],
    }


def _uri(file: str) -> str:
    return quote(Path(file).as_posix(), safe="/")
