"""``cfgen plan``: what a launch costs, needs and may fail of, before anything is spent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cfgen.cli.options import (
    catalog_option,
    parameter_option,
    parameters_file_option,
    plural,
    specs_argument,
    stack_name_option,
    warn,
)
from cfgen.errors import CfgenError

if TYPE_CHECKING:
    from cfgen.catalogue import Catalogue
    from cfgen.plan import Plan
    from cfgen.plan.account import Account
    from cfgen.render.template import Template


@click.command("plan")
@specs_argument
@click.option(
    "--region",
    "regions",
    multiple=True,
    metavar="REGION",
    help="Region of the launch; may be given several times (default: as in the AWS CLI, else one that can).",
)
@click.option(
    "--live", is_flag=True, help="Ask AWS for the region's prices instead of taking the bundled ones."
)
@click.option(
    "--account/--offline",
    default=None,
    help="Read quotas and secrets of the account, or ask nobody (default: when there are credentials).",
)
@click.option("--profile", metavar="NAME", help="Profile of the AWS configuration, as in the AWS CLI.")
@parameter_option
@parameters_file_option
@stack_name_option
@catalog_option
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Write to a file; for several specs, or a folder that exists, a file each. Default: standard output.",
)
@click.option(
    "--format", "style", type=click.Choice(["text", "json", "html"]), default="text", show_default=True,
    help="Text, data, or a page that needs nothing else.",
)  # fmt: skip
def command(
    specs: tuple[str, ...], regions: tuple[str, ...], output: Path | None, style: str, **options: Any
) -> int:
    """Tell what specs (files, folders or patterns) cost, need and may fail of, before anything is spent.

    Cost by resource, quotas, licence and access, regions, rights. With credentials the account's quotas, their use
    and the secrets are read; nothing is changed. Exit code 1 when something would make a launch fail.
    """
    from cfgen.deploy import inputs
    from cfgen.spec.find import find_specs

    found = find_specs(specs)
    given = inputs.parameters_file(options["parameters_file"]) if options["parameters_file"] else {}
    given |= inputs.pairs(options["parameters"], "--parameter")
    plans: list[Plan] = []
    failed = 0
    for path in found:
        try:
            plans.append(_plan(path, regions, given, len(found), options))
        except CfgenError as error:
            if len(found) == 1:
                raise
            failed += 1
            warn([error.message, *([f"  hint: {error.hint}"] if error.hint else [])])
    if not failed:
        inputs.check_known(given, plans)
    _write(plans, style, output, several=len(found) > 1)
    for plan in plans:
        if plan.failed and (style != "text" or output is not None):
            warn(
                [
                    f"{plan.name}: {check.title}{f': {check.detail}' if check.detail else ''}"
                    for check in plan.failed
                ]
            )
    if failed:
        warn([f"{plural(failed, 'spec')} of {len(found)} could not be planned"])
    return int(bool(failed) or any(plan.failed for plan in plans))


def _plan(
    path: Path, asked: tuple[str, ...], given: Mapping[str, str], count: int, options: Mapping[str, Any]
) -> Plan:
    from cfgen import document, pipeline
    from cfgen.catalogue import load
    from cfgen.deploy import inputs
    from cfgen.plan import make
    from cfgen.render import render
    from cfgen.spec import load_spec

    catalogue = load(pipeline.overlay_file(options["overlay"]))
    spec = load_spec(path)
    stack = pipeline.plan(spec, catalogue)
    template = render(stack)
    if count == 1:
        inputs.check_known(given, [template])
    declared = dict(template.parameters)
    given = {name: value for name, value in given.items() if name in declared}
    data = document.load(template.text, template.name)
    regions = _regions(asked, options["profile"], stack.home_regions)
    for region in regions:
        catalogue.region(region)
    name = options["stack_name"] or template.name
    values, accounts = _accounts(template, data, given, regions, catalogue, name, options)
    live = _live(data, values, options) if options["live"] else {}
    return make(
        template, data, regions, catalogue, spec=spec, stack=stack, values=given, kept=values,
        accounts=accounts, live=live,
    )  # fmt: skip


def _regions(asked: tuple[str, ...], profile: str | None, home: tuple[str, ...]) -> list[str]:
    """The regions asked for; else the AWS CLI's, where somebody configured one; else one that can launch it."""
    from cfgen.deploy import credentials, errors, session

    if asked:
        return list(dict.fromkeys(asked))
    if profile or credentials.configured():
        try:
            return [session.default_region(profile)]
        except (errors.RegionMissing, errors.ToolMissing):
            pass
    return ["us-east-1" if "us-east-1" in home else home[0]]


def _accounts(
    template: Template,
    data: Mapping[str, Any],
    given: Mapping[str, str],
    regions: list[str],
    catalogue: Catalogue,
    name: str,
    options: Mapping[str, Any],
) -> tuple[dict[str, Mapping[str, str]], dict[str, Account]]:
    """By region: the values of the launch, with what a stack of that name keeps; and what the account is like."""
    from cfgen.deploy import credentials

    wanted = options["account"]
    if wanted is None:
        wanted = bool(options["profile"]) or credentials.present()
    if not wanted:
        return dict.fromkeys(regions, given), {}
    from concurrent.futures import ThreadPoolExecutor

    from cfgen.deploy.account import read
    from cfgen.deploy.account.kept import values_of
    from cfgen.plan.needs import quota_needs
    from cfgen.plan.regions import opt_in
    from cfgen.plan.steps import secrets_of
    from cfgen.plan.view import world_of

    def one(region: str) -> tuple[Mapping[str, str], Account]:
        values = values_of(template, given, region, options["profile"], name)
        world = world_of(data, region, values)
        account = read(
            region, options["profile"], quota_needs(world), secrets_of(world), name,
            opt_in=opt_in(region, catalogue.region(region).partition),
        )  # fmt: skip
        return values, account

    with ThreadPoolExecutor(4) as pool:
        found = dict(zip(regions, pool.map(one, regions), strict=True))
    declared = dict(template.parameters)
    for region, (values, _) in found.items():
        stays = {key: now for key, now in values.items() if key not in given and now != declared.get(key)}
        warn(f"{region}: {key} is {now}, as in the stack {name}" for key, now in stays.items())
    return {key: one[0] for key, one in found.items()}, {key: one[1] for key, one in found.items()}


def _live(
    data: Mapping[str, Any], values: Mapping[str, Mapping[str, str]], options: Mapping[str, Any]
) -> dict[str, Any]:
    from cfgen.deploy.account.prices import live_prices
    from cfgen.plan.costs import asked
    from cfgen.plan.view import world_of

    found = {}
    for region, chosen in values.items():
        types, rates = asked(world_of(data, region, chosen))
        found[region] = live_prices(region, types, options["profile"], rates)
        if found[region].problem:
            warn([f"{region}: {found[region].problem}"])
    return found


def _write(plans: list[Plan], style: str, output: Path | None, *, several: bool) -> None:
    from cfgen.files import write_atomically

    suffix = {"text": "txt", "json": "json", "html": "html"}[style]
    if style == "html" and output is None:
        output = Path("build")
        output.mkdir(parents=True, exist_ok=True)
    if output is not None and (several or output.is_dir()):
        for plan in plans:
            target = output / f"{plan.name}.plan.{suffix}"
            write_atomically(target, _rendered([plan], style))
            click.echo(str(target))
    elif output is not None:
        if plans:
            write_atomically(output, _rendered(plans, style))
            click.echo(str(output))
    else:
        click.echo(_rendered(plans, style), nl=False)


def _rendered(plans: list[Plan], style: str) -> str:
    if style == "html":
        from cfgen.plan.page import page

        return page(plans[0])
    if style == "json":
        import json

        from cfgen.plan.records import data

        found = [data(plan) for plan in plans]
        return json.dumps(found[0] if len(found) == 1 else found, indent=2, ensure_ascii=False) + "\n"
    from cfgen.plan.text import lines

    return "\n\n".join("\n".join(lines(plan)) for plan in plans) + "\n" * bool(plans)
