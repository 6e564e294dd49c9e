"""The update matrix, second half: every step ends where a fresh deployment would, as predicted; IAM enforced."""

from __future__ import annotations

from tests.deploy.matrix import half

matrix, test_versions_of_a_stack, test_updates_that_are_refused = half("two", 1)
