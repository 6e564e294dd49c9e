"""All deliberate mistakes."""

from __future__ import annotations

from tests.lint import cases_endpoints, cases_models, cases_stack

CASES = [*cases_models.CASES, *cases_endpoints.CASES, *cases_stack.CASES]
