"""``cfgen deploy``: specs → running endpoints."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cfgen.cli import stack_sets
from cfgen.cli.options import (
    catalog_option,
    format_option,
    parameter_option,
    parameters_file_option,
    plural,
    reset_parameters_option,
    specs_argument,
    stack_name_option,
    warn,
)
from cfgen.deploy import console

if TYPE_CHECKING:
    from cfgen.deploy.launch import Launch, Prepared, Result
    from cfgen.render.template import Template
    from cfgen.sandbox import Sandbox


@click.command("deploy")
@specs_argument
@console.regions_option
@parameter_option
@parameters_file_option
@reset_parameters_option
@stack_name_option
@click.option(
    "--tags", "tags", multiple=True, metavar="K=V", help="A tag of stack and resources; repeatable."
)
@click.option("--role-arn", metavar="ARN", help="Role that CloudFormation works with, instead of the caller.")
@console.profile_option
@click.option("--s3-bucket", metavar="NAME", help="Bucket for a template over 51,200 bytes and for assets.")
@click.option("--no-confirm", is_flag=True, help="Do not ask before executing.")
@click.option("--no-execute", is_flag=True, help="Make and show the change set, and leave it.")
@console.timeout_option(14 * 3600, "How long to follow; what runs in AWS goes on")
@click.option(
    "--on-failure",
    type=click.Choice(["rollback", "keep", "delete"]),
    default="rollback",
    show_default=True,
    help="After a failure: roll back; keep what was made; or also delete a new stack.",
)
@click.option("--termination-protection", is_flag=True, help="Protect the stack against deletion.")
@click.option(
    "--max-concurrency", type=click.IntRange(1, 32), default=4, show_default=True, help="Stacks at a time."
)
@click.option("--skip-preflight", is_flag=True, help="Do not look first for what would make the launch fail.")
@click.option(
    "--two-step",
    is_flag=True,
    help="Where scaling is in the way of another instance type: switch it off, update, switch it on.",
)
@stack_sets.options
@click.option("--no-request", is_flag=True, help="Send the finished endpoint no request.")
@click.option(
    "--sandbox", is_flag=True, help="Into the local sandbox, with example data: no account, no cost."
)
@catalog_option
@console.color_option
@format_option
def command(
    specs: tuple[str, ...], regions: tuple[str, ...], sandbox: bool, profile: str | None, **options: Any
) -> int:
    """Deploy specs (files, folders or patterns) with the AWS CLI, in one region or several.

    Renders, lints and looks for what would make it fail (cfgen plan); makes a change set, shows it, asks, executes it
    and follows the events to the end; then looks whether the endpoint serves the new configuration and answers.
    Nothing to change is done (exit code 0). With --stack-set: to many accounts by CloudFormation's own engine.
    """
    from cfgen.deploy.session import regions_of

    if not options["stack_set"]:
        stack_sets.refuse(click.get_current_context())
    ask = not options["no_confirm"] and not options["no_execute"]
    if ask and not console.interactive():
        raise click.UsageError(
            "nobody to ask: the input is no terminal. Add --no-confirm, or --no-execute to look first."
        )
    with contextlib.ExitStack() as stack:
        if sandbox:
            running = stack.enter_context(console.sandboxed(regions[0] if regions else "us-east-1"))
            if options["stack_set"]:
                stack_sets.rehearse(running, options)
                return stack_sets.deploy(_render(specs, options["overlay"]), regions, None, ask, options)
            return _deploy(specs, regions_of(regions, None), None, ask, sandbox=running, **options)
        if options["stack_set"]:
            return stack_sets.deploy(_render(specs, options["overlay"]), regions, profile, ask, options)
        return _deploy(specs, regions_of(regions, profile), profile, ask, **options)


def _deploy(
    specs: tuple[str, ...],
    regions: list[str],
    profile: str | None,
    ask: bool,
    *,
    sandbox: Sandbox | None = None,
    **options: Any,
) -> int:
    from cfgen.deploy import awscli, parallel

    templates = _render(specs, options["overlay"])
    launches = _launches(templates, regions, profile, options, rehearsed=sandbox is not None)
    if sandbox is not None:
        launches = _rehearsals(launches, sandbox)
    awscli.find()
    stop = threading.Event()
    check = None if options["skip_preflight"] else _looking(launches, options, stop)
    several = len(launches) > 1
    results = parallel.deploy_all(
        launches,
        reporter=lambda launch: console.reporter(
            launch.label, several=several, color=not options["no_color"]
        ),
        check=check,
        confirm=lambda ready, failed: _confirm(ready, failed, ask),
        execute=not options["no_execute"],
        at_once=options["max_concurrency"],
        stop=stop,
    )
    _show(results, options["style"], several)
    for result in results:
        if result.error is not None:
            console.tell(result.error, result.launch.label if several else "")
    codes = {result.error.exit_code for result in results if result.error is not None}
    return 130 if stop.is_set() else codes.pop() if len(results) == 1 and codes else int(bool(codes))


def _looking(launches: list[Launch], options: dict[str, Any], stop: threading.Event) -> Callable[[], None]:
    """Look for what would make the launches fail, while their change sets are made; told when those are there."""
    from cfgen.catalogue import load
    from cfgen.deploy import preflight
    from cfgen.pipeline import overlay_file

    verdicts = preflight.begin(
        launches, load(overlay_file(options["overlay"])), options["max_concurrency"], stop
    )

    def check() -> None:
        seen = verdicts()
        for verdict in seen:
            warn(f"{verdict.launch.label}: {one.title}: {one.detail}" for one in verdict.warnings)
        preflight.refuse(seen)

    return check


def _render(specs: tuple[str, ...], overlay: Path | None) -> list[Template]:
    from cfgen import pipeline
    from cfgen.spec.find import find_specs

    found = pipeline.render_all(find_specs(specs), pipeline.overlay_file(overlay))
    for template in found:
        warn(template.warnings)
    return found


def _launches(
    templates: list[Template],
    regions: list[str],
    profile: str | None,
    options: dict[str, Any],
    *,
    rehearsed: bool = False,
) -> list[Launch]:
    from cfgen.deploy import inputs, linting
    from cfgen.deploy.awscli import check_size
    from cfgen.deploy.launch import Launch

    if options["stack_name"] and len(templates) > 1:
        raise click.UsageError(f"--stack-name names one stack; {plural(len(templates), 'spec')} given.")
    given = inputs.parameters_file(options["parameters_file"]) if options["parameters_file"] else {}
    given |= inputs.pairs(options["parameters"], "--parameter")
    inputs.check_known(given, templates)
    tags = inputs.pairs(options["tags"], "--tags")
    for template in templates:
        inputs.check_regions(template, regions)
        if not rehearsed:
            check_size(template.size, options["s3_bucket"])
    for template in templates:
        linting.lint(template, regions)
    return [
        Launch(
            template,
            options["stack_name"] or template.name,
            region,
            profile,
            {name: value for name, value in given.items() if name in dict(template.parameters)},
            tags,
            options["role_arn"],
            options["s3_bucket"],
            options["timeout"],
            options["on_failure"],
            options["termination_protection"],
            options["reset_parameters"],
            not options["no_request"],
            options["two_step"],
            not options["skip_preflight"],
        )
        for template in templates
        for region in regions
    ]


def _rehearsals(launches: list[Launch], sandbox: Sandbox) -> list[Launch]:
    from cfgen.deploy import rehearsal

    warn(
        [
            f"sandbox at {sandbox.url}: a local stand-in, not AWS, where nothing costs",
            rehearsal.hub_of(sandbox),
        ]
    )
    found = []
    for launch in launches:
        ready, made = rehearsal.rehearse(launch, sandbox)
        found.append(ready)
        warn(f"example data in {launch.region}: {one}" for one in made)
    return found


def _confirm(ready: list[Prepared], failed: list[Result], ask: bool) -> bool:
    from cfgen.deploy.changes import lines

    for one in ready:
        if one.change_set is not None:
            click.echo(f"{one.launch.stack_name} in {one.launch.region}:", err=True)
            for line in lines(one.change_set):
                click.echo(f"  {line}", err=True)
            if one.two_step:
                click.echo(
                    "  In two steps: scaling is switched off first, then this with scaling on.", err=True
                )
    for result in failed:
        if result.error is not None:
            click.echo(f"{result.launch.label} cannot go on: {result.error.message}", err=True)
    if not ask:
        return True
    count = sum(one.change_set is not None for one in ready)
    try:
        return click.confirm(f"Execute {plural(count, 'change set')}?", err=True)
    except click.Abort:
        return False


def _show(results: list[Result], style: str, several: bool) -> None:
    from cfgen.deploy import parallel
    from cfgen.deploy.changes import lines

    if style == "json":
        console.show_json([result.data() for result in results])
        return
    for result in results:
        if result.outcome == "planned" and result.change_set is not None:
            click.echo(f"{result.launch.stack_name} in {result.launch.region}:")
            for line in lines(result.change_set):
                click.echo(f"  {line}")
            where = f"--change-set-name {result.change_set.id} --region {result.launch.region}"
            click.echo(f"  to execute it: aws cloudformation execute-change-set {where}")
        elif result.good:
            click.echo(f"{result.launch.stack_name} in {result.launch.region}: {result.outcome}")
            for one in result.endpoints:
                said = f"answered in {one.seconds:g} s" if one.answered else one.note
                click.echo(f"  endpoint {one.name}: {one.status}, {said or 'not asked'}")
            for name, value in result.outputs.items():
                if name != "InvokeCommand":
                    click.echo(f"  {name}: {value}")
            if "InvokeCommand" in result.outputs:
                click.echo(f"  try: {result.outputs['InvokeCommand']}")
    if several:
        for line in parallel.summary(results):
            click.echo(line)
