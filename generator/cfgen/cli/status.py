"""``cfgen status``: how a stack and its endpoint are doing."""

from __future__ import annotations

import threading

import click

from cfgen.cli import stack_sets
from cfgen.cli.options import format_option
from cfgen.deploy import console
from cfgen.errors import CfgenError


@click.command("status")
@console.stack_argument
@console.region_option
@console.profile_option
@click.option("--follow", is_flag=True, help="Follow the operation under way to its end.")
@click.option("--drift", is_flag=True, help="Ask CloudFormation what was changed outside the stack.")
@click.option(
    "--events",
    "last",
    type=click.IntRange(0, 1000),
    default=8,
    show_default=True,
    help="How many last events.",
)
@console.timeout_option(14 * 3600, "How long to follow")
@stack_sets.flag
@stack_sets.delegated_option
@console.color_option
@format_option
def command(
    stack: str, region: str | None, profile: str | None, follow: bool, drift: bool, last: int, timeout: float,
    no_color: bool, style: str, stack_set: bool, delegated_admin: bool,
) -> int:  # fmt: skip
    """Show a stack (name or ARN): state, what runs, last events; or a stack set and its stacks.

    With --follow it goes on where an interrupted cfgen deploy stopped; the exit code is then that of the operation.
    """
    if stack_set:
        return stack_sets.status(
            stack,
            region,
            profile,
            delegated=delegated_admin,
            follow=follow,
            drift=drift,
            timeout=timeout,
            style=style,
        )
    stack_sets.refuse(click.get_current_context())
    from cfgen.deploy import session, status
    from cfgen.deploy import stack as stacks

    with session.Aws(region or session.default_region(profile), profile) as aws:
        found, code = stacks.get(aws, stack), 0
        if follow:
            try:
                code = _follow(found, timeout, no_color)
            except CfgenError as error:
                code = console.fail(error)
            found = stacks.get(aws, found.id)
        data = status.view(found, last=last)
        if drift:
            data["drift"] = status.drift(found)
    if style == "json":
        console.show_json(data)
    else:
        for line in status.lines(data):
            click.echo(line)
    return code


def _follow(found: object, timeout: float, no_color: bool) -> int:
    from cfgen.deploy import parallel, status
    from cfgen.deploy.stack import StackView

    assert isinstance(found, StackView)
    stop = threading.Event()
    report = console.reporter(color=not no_color)
    (ended,) = parallel.side_by_side(
        [found], lambda one: status.follow(one, report, timeout=timeout, stop=stop), 1, stop
    )
    if isinstance(ended, BaseException):
        raise ended
    return 0
