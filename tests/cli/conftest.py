"""A hub to read models from, for the tests that ask for one."""

from __future__ import annotations

from tests.models.conftest import hub as hub
