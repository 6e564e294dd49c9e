"""``cfgen list``: the stacks of cfgen's making."""

from __future__ import annotations

import threading
from typing import Any

import click

from cfgen.cli.options import format_option, warn
from cfgen.deploy import console
from cfgen.errors import CfgenError


@click.command("list", short_help="List the stacks of cfgen's making.")
@console.regions_option
@console.profile_option
@format_option
def command(regions: tuple[str, ...], profile: str | None, style: str) -> int:
    """List the stacks made from cfgen's templates in these regions, known by a mark in the template's Metadata."""
    from cfgen.deploy import listing, parallel, session

    def ask(region: str) -> list[dict[str, Any]]:
        with session.Aws(region, profile) as aws:
            return listing.stacks(aws)

    wanted = session.regions_of(regions, profile)
    rows, code = [], 0
    for region, found in zip(wanted, parallel.side_by_side(wanted, ask, 4, threading.Event()), strict=True):
        if isinstance(found, CfgenError):
            warn([f"{region}: {found.message}", *([f"  hint: {found.hint}"] if found.hint else [])])
            code = 1
        elif isinstance(found, BaseException):
            raise found
        else:
            rows += found
    if style == "json":
        console.show_json(rows)
        return code
    columns = ("stack", "region", "status", "spec", "endpoint", "changed")
    table = [columns, *(tuple(str(row[column]) for column in columns) for row in rows)] if rows else []
    widths = [max(len(row[index]) for row in table) for index in range(len(columns))] if table else []
    for row in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    if not rows and not code:
        warn([f"no stacks of cfgen in {', '.join(wanted)}"])
    return code
