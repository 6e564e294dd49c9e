"""Half of the examples through their whole lives; the other half stands in a file that another worker takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cfgen.sandbox import Sandbox
from tests.conftest import SPECS
from tests.deploy.whole_life import Life, life, live

__all__ = ["life"]


@pytest.mark.parametrize("life", SPECS[::2], ids=[spec.stem for spec in SPECS[::2]], indirect=True)
def test_a_whole_life(life: Life, tmp_path: Path) -> None:
    live(life, tmp_path)


def test_the_sweep_sees_what_is_left(life_of_nothing: Sandbox) -> None:
    before = set(life_of_nothing.inventory())
    life_of_nothing.client("s3").create_bucket(Bucket="sweep-forgotten")
    life_of_nothing.client("s3").put_object(Bucket="sweep-forgotten", Key="a/b", Body=b"x")
    life_of_nothing.client("events").put_rule(Name="sweep-forgotten", ScheduleExpression="rate(1 day)")
    life_of_nothing.client("logs").create_log_group(logGroupName="sweep-forgotten")
    left = set(life_of_nothing.inventory()) - before
    assert left == {
        "s3 aws /buckets/sweep-forgotten",
        "s3 aws /buckets/sweep-forgotten/keys/a/b",
        "events us-east-1 /event_buses/default/rules/sweep-forgotten",
        "logs us-east-1 /groups/sweep-forgotten",
    }


@pytest.fixture
def life_of_nothing(sandbox: Sandbox) -> Iterator[Sandbox]:
    """A sandbox into which something is put by hand, and out of which it goes."""
    yield sandbox
    sandbox.client("s3").delete_object(Bucket="sweep-forgotten", Key="a/b")
    sandbox.client("s3").delete_bucket(Bucket="sweep-forgotten")
    sandbox.client("events").delete_rule(Name="sweep-forgotten")
    sandbox.client("logs").delete_log_group(logGroupName="sweep-forgotten")
