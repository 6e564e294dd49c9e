"""All deliberate mistakes."""

from __future__ import annotations

from tests.lint import cases_endpoints, cases_models, cases_stack
from tests.lint.cases_known import MISTAKES
from tests.lint.kit import template

CASES = [*cases_models.CASES, *cases_endpoints.CASES, *cases_stack.CASES]
# Mistakes that need no rule of ours: name → text
KNOWN = {name: change if isinstance(change, str) else template(change) for name, change in MISTAKES.items()}
