"""``cfgen destroy``: delete a stack."""

from __future__ import annotations

import threading
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from cfgen.cli import stack_sets
from cfgen.cli.options import format_option
from cfgen.deploy import console

if TYPE_CHECKING:
    from cfgen.deploy.destroy import Leftover, Plan


@click.command("destroy")
@console.stack_argument
@console.region_option
@console.profile_option
@click.option(
    "--role-arn", metavar="ARN", help="Role that CloudFormation works with, instead of the stack's."
)
@click.option(
    "--retain", multiple=True, metavar="LOGICAL-ID", help="Let this resource go (stacks in DELETE_FAILED)."
)
@click.option("--no-confirm", is_flag=True, help="Do not ask for the stack's name.")
@console.timeout_option(3 * 3600, "How long to follow; the deletion goes on")
@stack_sets.flag
@stack_sets.delegated_option
@stack_sets.preference_options
@console.color_option
@format_option
def command(
    stack: str, region: str | None, profile: str | None, role_arn: str | None, retain: tuple[str, ...],
    no_confirm: bool, timeout: float, no_color: bool, style: str, stack_set: bool, delegated_admin: bool,
    **preferences: Any,
) -> int:  # fmt: skip
    """Delete a stack, follow it to its end, and name what is kept on purpose or left over; or a stack set.

    Asks for the stack's name first. A stack that does not exist is an error.
    """
    from cfgen.deploy import destroy, errors, parallel, session
    from cfgen.deploy import stack as stacks

    if not no_confirm and not console.interactive():
        raise click.UsageError("nobody to ask: the input is no terminal. Add --no-confirm.")
    if stack_set:
        return stack_sets.destroy(
            stack, region, profile, delegated=delegated_admin, no_confirm=no_confirm, timeout=timeout, style=style,
            options=preferences,
        )  # fmt: skip
    stack_sets.refuse(click.get_current_context())
    with session.Aws(region or session.default_region(profile), profile) as aws:
        found = stacks.get(aws, stack)
        plan = destroy.plan(found, retain)
        _show_plan(plan)
        if (
            not no_confirm
            and click.prompt("Type the stack's name to delete it", err=True, default="", show_default=False)
            != plan.stack
        ):
            raise errors.Declined("not deleted: that is not the stack's name")
        stop, report = threading.Event(), console.reporter(color=not no_color)
        (ended,) = parallel.side_by_side(
            [found],
            lambda one: destroy.destroy(
                one, plan, retain=retain, role_arn=role_arn, timeout=timeout, report=report, stop=stop
            ),
            1,
            stop,
        )
    if isinstance(ended, errors.DeployError):
        return console.fail(ended)
    if isinstance(ended, BaseException):
        raise ended
    _show(plan, ended, style)
    return 0


def _show_plan(plan: Plan) -> None:
    click.echo(f"{plan.stack} in {plan.region}: {len(plan.deleted)} resources are deleted", err=True)
    for one in plan.retained:
        click.echo(f"  kept: {one.logical_id} ({one.type}) {one.physical_id}", err=True)


def _show(plan: Plan, left: list[Leftover], style: str) -> None:
    if style == "json":
        console.show_json({**plan.data(), "leftovers": [asdict(one) for one in left]})
        return
    click.echo(f"{plan.stack} in {plan.region}: deleted")
    for one in left:
        click.echo(
            f"  {'kept' if one.kept else 'left over'}: {one.name} ({one.what})"
            + (f"; to delete it: {one.command}" if one.command else "")
        )
