"""One lint run over all cases, shared by the tests that look at its findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from cfgen.lint import Finding, TemplateSource, lint_templates
from tests.lint.cases import CASES, KNOWN
from tests.lint.kit import REGIONS, template

Findings = Mapping[str, Sequence[Finding]]


@pytest.fixture(scope="session")
def found() -> Findings:
    """Findings by ``bad NAME`` and ``good NAME`` of the cases, and ``bad NAME`` of what is known to cfn-lint."""
    sources = []
    for case in CASES:
        sources.append(TemplateSource(f"bad {case.name}", template(case.bad), REGIONS))
        sources.append(TemplateSource(f"good {case.name}", template(case.good), REGIONS))
    sources += [TemplateSource(f"bad {name}", text, REGIONS) for name, text in KNOWN.items()]
    result: dict[str, list[Finding]] = {source.name: [] for source in sources}
    assert len(result) == len(sources), "two mistakes of one name"
    for finding in lint_templates(sources):
        result[finding.file].append(finding)
    return result
