"""JSON with every field, and JUnit with a test case a file and rule, for continuous integration."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from xml.sax.saxutils import escape, quoteattr

from cfgen.lint.findings import Finding, counts

# Characters XML 1.0 has no way to write, whatever the escape.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_json(findings: Sequence[Finding], files: Sequence[str]) -> str:
    """``{"files": […], "summary": {…}, "findings": […]}``."""
    rows = [asdict(finding) for finding in findings]
    report = {"files": list(files), "summary": counts(findings), "findings": rows}
    return json.dumps(report, indent=2) + "\n"


def as_junit(findings: Sequence[Finding], files: Sequence[str]) -> str:
    """One suite; a file without errors and warnings passes, each finding is a failed case, notes are output."""
    cases: list[str] = []
    failures = 0
    for file in dict.fromkeys([*files, *(finding.file for finding in findings)]):
        mine = [finding for finding in findings if finding.file == file]
        faults = [finding for finding in mine if finding.severity != "info"]
        notes = "".join(
            f"{finding.place} {finding.rule_id} {finding.message}\n"
            for finding in mine
            if finding not in faults
        )
        if not faults:
            out = f"<system-out>{xml_text(notes)}</system-out>" if notes else ""
            cases.append(
                f"  <testcase classname={xml_attribute(file)} name={xml_attribute('lint')}>{out}</testcase>"
            )
        for finding in faults:
            failures += 1
            title = xml_attribute(f"{finding.rule_id} {finding.title}")
            body = f"{finding.place}\n{finding.path}\n{finding.fix}".strip()
            cases.append(
                f"  <testcase classname={xml_attribute(file)} name={title}>"
                f"<failure type={xml_attribute(finding.severity)} message={xml_attribute(finding.message)}>"
                f"{xml_text(body)}</failure></testcase>"
            )
    head = f'<testsuite name="cfgen lint" tests="{len(cases)}" failures="{failures}" errors="0" skipped="0">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *cases, "</testsuite>"]) + "\n"


def xml_text(text: str) -> str:
    """Text as XML 1.0 can hold it."""
    return escape(_NOT_XML.sub("\ufffd", text))


def xml_attribute(text: str) -> str:
    """Text as a quoted attribute value."""
    return quoteattr(_NOT_XML.sub("\ufffd", text))
