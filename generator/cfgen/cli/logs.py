"""``cfgen logs``: what the endpoint's container, the build or the functions of a stack wrote."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cfgen.cli.options import format_option
from cfgen.deploy import console

if TYPE_CHECKING:
    from cfgen.deploy.logs import Line


@click.command("logs")
@console.stack_argument
@console.region_option
@console.profile_option
@click.option("--build", is_flag=True, help="The build's log instead of the endpoint's.")
@click.option("--functions", is_flag=True, help="The logs of the stack's Lambda functions.")
@click.option(
    "--since",
    callback=console.duration,
    default="1h",
    show_default=True,
    metavar="TIME",
    help="How far back.",
)
@click.option(
    "--lines", "count", type=click.IntRange(1), default=200, show_default=True, help="At most so many lines."
)
@click.option("--follow", is_flag=True, help="Go on printing what arrives, until Ctrl-C.")
@format_option
def command(
    stack: str, region: str | None, profile: str | None, build: bool, functions: bool, since: float, count: int,
    follow: bool, style: str,
) -> int:  # fmt: skip
    """Print the log of a stack's endpoint (or build, or functions), oldest line first."""
    from cfgen.deploy import logs, parallel, session
    from cfgen.deploy import stack as stacks

    if build and functions:
        raise click.UsageError("--build or --functions, not both.")
    with session.Aws(region or session.default_region(profile), profile) as aws:
        names = logs.groups(stacks.get(aws, stack), build=build, functions=functions)
        several = len(names) > 1

        def show(group: str, line: Line) -> None:
            at = datetime.fromtimestamp(line.at / 1000, UTC)
            if style == "json":
                data = {
                    "at": at.isoformat(timespec="milliseconds"),
                    "group": group,
                    "stream": line.stream,
                    "text": line.text,
                }
                click.echo(json.dumps(data, ensure_ascii=False))
            else:
                click.echo(f"{at:%Y-%m-%d %H:%M:%S} {group + ' ' if several else ''}{line.text}")

        start = logs.milliseconds(since)
        if follow:
            stop = threading.Event()
            (ended,) = parallel.side_by_side(
                [names], lambda one: logs.follow(aws, one, show, since=start, stop=stop), 1, stop
            )
            if isinstance(ended, Exception):
                raise ended
            return 0
        found = [(name, line) for name in names for line in logs.read(aws, name, since=start, limit=count)]
        for name, line in sorted(found, key=lambda pair: pair[1].at)[-count:]:
            show(name, line)
        if not found:
            click.echo(f"no lines in {', '.join(names)} in that time", err=True)
    return 0
