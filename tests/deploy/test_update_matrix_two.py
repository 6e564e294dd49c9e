"""The update matrix, second half: every step ends where a fresh deployment would, as predicted; IAM enforced."""

from __future__ import annotations

import pytest

from cfgen.sandbox import Sandbox
from tests.deploy.matrix import Matrix, Refused, Row, refusals, rows

ROWS = rows()[1::2]
REFUSED = refusals()[1::2]


@pytest.fixture(scope="module")
def matrix(_sandbox: Sandbox) -> Matrix:
    assert _sandbox.configure()["enforce_iam"] is True
    return Matrix(_sandbox, "two")


@pytest.mark.parametrize("row", ROWS, ids=[one.name for one in ROWS])
def test_versions_of_a_stack(matrix: Matrix, row: Row) -> None:
    matrix.live(row)


@pytest.mark.parametrize("refused", REFUSED, ids=[one.name for one in REFUSED])
def test_updates_that_are_refused(matrix: Matrix, refused: Refused) -> None:
    matrix.refuse(refused)
