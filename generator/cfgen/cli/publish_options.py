"""What the commands under ``cfgen publish`` share: how the bucket is named."""

from __future__ import annotations

from typing import Any

import click

_OPTIONS = (
    click.option("--bucket", metavar="NAME", help="Bucket for all regions."),
    click.option(
        "--bucket-per-region",
        "pattern",
        metavar="PATTERN",
        help="A bucket of each region's own: a name with {region} in it, and {account} if you like.",
    ),
    click.option(
        "--prefix", default="cfgen/", show_default=True, metavar="PREFIX", help="What keys begin with."
    ),
    click.option("--public", is_flag=True, help="The bucket is public, and that is meant."),
)


def bucket_options(function: Any) -> Any:
    """The options that name a bucket."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def buckets_of(bucket: str | None, pattern: str | None) -> str:
    """The one pattern that the two options give. Raises UsageError."""
    if bool(bucket) == bool(pattern):
        raise click.UsageError("name the bucket: --bucket NAME, or --bucket-per-region PATTERN.")
    if pattern and "{region}" not in pattern:
        raise click.UsageError(
            f"--bucket-per-region {pattern}: no {{region}} in it; --bucket names one bucket."
        )
    return bucket or pattern or ""
