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
    texts = {f"bad {case.name}": template(case.bad) for case in CASES}
    texts |= {f"good {case.name}": template(case.good) for case in CASES}
    texts |= {f"bad {name}": text for name, text in KNOWN.items()}
    assert len(texts) == 2 * len(CASES) + len(KNOWN), "two mistakes of one name"
    # The right way of many cases is the same template: each text is linted once.
    once = {text: name for name, text in texts.items()}
    result: dict[str, list[Finding]] = {name: [] for name in once.values()}
    for finding in lint_templates([TemplateSource(name, text, REGIONS) for text, name in once.items()]):
        result[finding.file].append(finding)
    return {name: result[once[text]] for name, text in texts.items()}
