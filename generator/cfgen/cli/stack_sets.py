"""What ``deploy``, ``status`` and ``destroy`` do with ``--stack-set``: CloudFormation's engine for many accounts."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cfgen.cli.options import warn
from cfgen.deploy import console
from cfgen.errors import CfgenError

if TYPE_CHECKING:
    from cfgen.deploy.session import Aws
    from cfgen.deploy.stacksets import Preferences, Rollout
    from cfgen.deploy.stacksets_present import Present
    from cfgen.deploy.stacksets_run import Row
    from cfgen.render.template import Template
    from cfgen.sandbox import Sandbox

F = TypeVar("F", bound=Callable[..., Any])


def _amount(context: click.Context, option: click.Parameter, value: str) -> str:
    """``N`` or ``P%`` (a click callback)."""
    if not re.fullmatch(r"\d{1,6}|(\d|[1-9]\d|100)%", value):
        raise click.BadParameter(f"{value!r}: write a count like 2, or a share like 20%", context, option)
    return value


def _words(context: click.Context, option: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG001
    """Repeated or joined by commas (a click callback)."""
    return tuple(dict.fromkeys(word for one in value for word in one.split(",") if word))


_several = dict[str, Any](multiple=True, callback=_words)
PREFERENCES = (
    click.option("--region-order", metavar="REGION,…", **_several, help="Regions in the order they are to be done."),
    click.option(
        "--region-concurrency", type=click.Choice(["sequential", "parallel"], case_sensitive=False),
        default="sequential", show_default=True, help="Region after region, or all at once.",
    ),
    click.option(
        "--failure-tolerance", callback=_amount, default="0", show_default=True, metavar="N|P%",
        help="Accounts that may fail in a region before the rest is left.",
    ),
    click.option(
        "--max-concurrent", callback=_amount, default="1", show_default=True, metavar="N|P%",
        help="Accounts at a time in a region; CloudFormation takes at most one more than may fail.",
    ),
)  # fmt: skip
delegated_option = click.option(
    "--delegated-admin", is_flag=True, help="The caller administers the organization's stack sets for it."
)
flag = click.option(
    "--stack-set", is_flag=True, help="STACK is a stack set; --region is where the set itself is kept."
)


def preference_options(command: F) -> F:
    """How an operation over many accounts and regions proceeds."""
    for option in reversed(PREFERENCES):
        command = option(command)
    return command


def options(command: F) -> F:
    """Everything ``cfgen deploy --stack-set`` takes."""
    for option in reversed(
        [
            click.option("--stack-set", metavar="NAME", help="Deploy as a stack set of this name, to many accounts."),
            click.option(
                "--home-region", metavar="REGION",
                help="Where the stack set itself is kept (default: from environment or AWS configuration).",
            ),
            click.option("--accounts", metavar="ID,…", **_several, help="Accounts (default: the caller's)."),
            click.option("--ou", "units", metavar="ID,…", **_several, help="Organizational units (service-managed)."),
            click.option(
                "--permission-model", type=click.Choice(["self-managed", "service-managed"]),
                default="self-managed", show_default=True, help="With roles of your own, or by the organization.",
            ),
            click.option("--admin-role-arn", metavar="ARN", help="Administration role (self-managed)."),
            click.option("--execution-role-name", metavar="NAME", help="Role in each account (self-managed)."),
            *PREFERENCES,
            click.option("--auto-deployment", is_flag=True, help="Accounts that join a unit get the stack too."),
            delegated_option,
            click.option("--prune", is_flag=True, help="Delete stacks of the set where none is wanted any more."),
        ]
    ):  # fmt: skip
        command = option(command)
    return command


NAMES = (
    "home_region", "accounts", "units", "permission_model", "admin_role_arn", "execution_role_name", "region_order",
    "region_concurrency", "failure_tolerance", "max_concurrent", "auto_deployment", "delegated_admin", "prune",
)  # fmt: skip
"""Options that mean something with ``--stack-set`` only."""


def preferences(options: dict[str, Any]) -> Preferences:
    """The options as the library takes them."""
    from cfgen.deploy.stacksets import Preferences

    return Preferences(
        options["region_order"], options["region_concurrency"].upper(), options["failure_tolerance"],
        options["max_concurrent"],
    )  # fmt: skip


def refuse(context: click.Context) -> None:
    """Refuse options that only a stack set has."""
    from click.core import ParameterSource

    for name in NAMES:
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = next(p.opts[0] for p in context.command.params if p.name == name)
            raise click.UsageError(f"{option} goes with --stack-set NAME.")


def deploy(
    templates: list[Template],
    regions: tuple[str, ...],
    profile: str | None,
    ask: bool,
    options: dict[str, Any],
) -> int:
    """``cfgen deploy SPEC --stack-set NAME``."""
    from cfgen.deploy import errors, inputs, linting, session, stacksets, stacksets_run
    from cfgen.deploy.stacksets_present import present

    if len(templates) != 1:
        raise click.UsageError(f"a stack set has one template; {len(templates)} specs given.")
    for name in ("stack_name", "role_arn", "termination_protection", "two_step"):
        if options[name]:
            raise click.UsageError(f"--{name.replace('_', '-')} does not go with --stack-set.")
    if options["on_failure"] != "rollback":
        raise click.UsageError("--on-failure does not go with --stack-set: its stacks are rolled back.")
    rollout = _rollout(templates[0], regions, profile, options)
    stop = threading.Event()
    with session.Aws(rollout.home, profile) as aws:
        before = present(
            aws, rollout.name, rollout.call_as, overrides=bool(rollout.regional or templates[0].assets)
        )
        rollout = _filled(rollout, aws, before is None)
        there = [one.region for one in before.instances] if before else []
        targets = list(dict.fromkeys(rollout.regions or there)) or [rollout.home]
        inputs.check_regions(rollout.template, targets)
        linting.lint(rollout.template, targets)
        assets = _assets(rollout, there)
        plan = stacksets.plan(rollout, before, assets)
        if plan.steps and not options["skip_preflight"]:
            values = stacksets.values(rollout, before, assets)
            _look(rollout, before, values, aws, options, stop)
        warn([f"{rollout.name} in {rollout.home}:", *(f"  {line}" for line in plan.lines())])
        if options["no_execute"] or not plan.steps:
            return _tell(
                rollout, "planned" if plan.steps else "unchanged", [], options["style"], plan.lines()
            )
        if ask and not click.confirm(
            f"Go on with {len(plan.steps)} step{'' if len(plan.steps) == 1 else 's'}?", err=True
        ):
            raise errors.Declined(f"{rollout.name}: nothing was changed")
        rows = heeding(
            stop, lambda: stacksets_run.carry_out(plan, aws, say=lambda text: warn([text]), stop=stop)
        )
    return _tell(rollout, "updated" if before else "created", rows, options["style"], [])


def _look(
    rollout: Rollout, before: Present | None, values: dict[str, dict[str, str]], aws: Aws, options: dict[str, Any],
    stop: threading.Event,
) -> None:  # fmt: skip
    """Look for what would make the stacks fail. Raises PreflightFailed."""
    from cfgen.catalogue import load
    from cfgen.deploy import preflight, stacksets_preflight
    from cfgen.deploy.session import aws_errors
    from cfgen.pipeline import overlay_file

    with aws_errors("ask for the caller's account"):
        caller = aws.client("sts").get_caller_identity()["Account"]
    known = load(overlay_file(options["overlay"]))
    seen = stacksets_preflight.look(rollout, before, values, caller, known, stop)
    warn(stacksets_preflight.unseen(rollout, before, caller))
    for verdict in seen:
        warn(f"{verdict.launch.region}: {one.title}: {one.detail}" for one in verdict.warnings)
    preflight.refuse(seen)


def rehearse(sandbox: Sandbox, options: dict[str, Any]) -> None:
    """Make the roles of self-managed stack sets in the sandbox, as an administrator does once in every account."""
    import json

    if options["permission_model"] != "self-managed" or options["admin_role_arn"]:
        return
    iam = sandbox.client("iam")
    trusts: dict[str, dict[str, Any]] = {
        "AWSCloudFormationStackSetAdministrationRole": {"Service": "cloudformation.amazonaws.com"},
        options["execution_role_name"] or "AWSCloudFormationStackSetExecutionRole": {
            "AWS": sandbox.client("sts").get_caller_identity()["Account"]
        },
    }
    for name, principal in trusts.items():
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
            policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy)
            iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")


def heeding(stop: threading.Event, work: Callable[[], Any]) -> Any:
    """Do ``work`` with Ctrl-C setting ``stop``; what it returned or raised."""
    from cfgen.deploy import parallel

    (found,) = parallel.side_by_side([None], lambda _: work(), 1, stop)
    if isinstance(found, BaseException):
        raise found
    return found


def _rollout(
    template: Template, regions: tuple[str, ...], profile: str | None, options: dict[str, Any]
) -> Rollout:
    from cfgen.deploy import inputs
    from cfgen.deploy.stacksets import Rollout

    everywhere, own = inputs.split_regional(options["parameters"])
    given = inputs.parameters_file(options["parameters_file"]) if options["parameters_file"] else {}
    given |= inputs.pairs(everywhere, "--parameter")
    regional = {region: inputs.pairs(items, "--parameter") for region, items in own.items()}
    inputs.check_known({**given, **{name: "" for values in regional.values() for name in values}}, [template])
    if strange := [region for region in regional if regions and region not in regions]:
        raise click.UsageError(f"--parameter speaks of {', '.join(strange)}, which --region does not.")
    inputs.check_regions(template, list(regions))
    return Rollout(
        template,
        options["stack_set"],
        options["home_region"] or _home(regions, profile),
        regions,
        options["accounts"],
        options["units"],
        options["permission_model"] == "service-managed",
        options["admin_role_arn"],
        options["execution_role_name"],
        options["auto_deployment"],
        options["delegated_admin"],
        given,
        regional,
        inputs.pairs(options["tags"], "--tags"),
        preferences(options),
        options["prune"],
        profile,
        options["s3_bucket"],
        options["timeout"],
        options["reset_parameters"],
    )


def _home(regions: tuple[str, ...], profile: str | None) -> str:
    from cfgen.deploy import session
    from cfgen.deploy.errors import RegionMissing

    try:
        return session.default_region(profile)
    except RegionMissing:
        if not regions:
            raise
        return regions[0]


def _filled(rollout: Rollout, aws: Aws, new: bool) -> Rollout:
    """A new set goes to the home region, and a self-managed one to the caller's account, if nothing else is said."""
    from dataclasses import replace

    from cfgen.deploy.session import aws_errors

    if new and not rollout.regions:
        rollout = replace(rollout, regions=(rollout.home,))
    if new and not rollout.service_managed and not rollout.accounts:
        with aws_errors("ask for the caller's account"):
            rollout = replace(rollout, accounts=(aws.client("sts").get_caller_identity()["Account"],))
    if new and rollout.service_managed and not rollout.units:
        raise click.UsageError(
            "a service-managed stack set goes to organizational units: --ou ou-… or the root r-…."
        )
    return rollout


def _assets(rollout: Rollout, there: list[str]) -> dict[str, dict[str, str]]:
    """Upload the template's files to each region's bucket; region → the parameters that name it."""
    from cfgen.deploy.assets import upload_assets
    from cfgen.deploy.session import Aws
    from cfgen.deploy.stacksets_run import bucket_in

    if not rollout.template.assets:
        return {}
    regions = rollout.regions or tuple(dict.fromkeys(there))
    if len(regions) > 1 and "{region}" not in (rollout.s3_bucket or ""):
        raise click.UsageError(
            f"{rollout.template.name} needs its files in each region: --s3-bucket with {{region}} in the name, such as "
            "models-{region}, and every account allowed to read there."
        )
    found = {}
    for region in regions:
        with Aws(region, rollout.profile) as aws:
            found[region] = upload_assets(rollout.template, aws, bucket_in(rollout, region))
    return found


def _tell(rollout: Rollout, outcome: str, rows: list[Row], style: str, lines: list[str]) -> int:
    if style == "json":
        console.show_json(
            {"stackSet": rollout.name, "region": rollout.home, "outcome": outcome, "steps": lines,
             "stacks": [row.data() for row in rows]}
        )  # fmt: skip
        return 0
    click.echo(f"{rollout.name} in {rollout.home}: {outcome}")
    for row in sorted(rows, key=lambda row: (row.region, row.account)):
        click.echo(f"  {row.line()}")
    return 0


def status(
    name: str, region: str | None, profile: str | None, *, delegated: bool, follow: bool, drift: bool, timeout: float,
    style: str,
) -> int:  # fmt: skip
    """``cfgen status NAME --stack-set``."""
    from cfgen.deploy import session, stacksets_view
    from cfgen.deploy.stacksets_present import where

    call_as = {"CallAs": "DELEGATED_ADMIN"} if delegated else {}
    stop, code = threading.Event(), 0
    with session.Aws(region or session.default_region(profile), profile) as aws:
        resume = f"cfgen status {name} --stack-set {where(aws.region, profile, delegated)} --follow"
        telling: dict[str, Any] = {
            "say": lambda text: warn([text]),
            "stop": stop,
            "timeout": timeout,
            "resume": resume,
        }
        found = None
        if follow:
            try:
                heeding(stop, lambda: stacksets_view.follow_latest(aws, name, call_as, **telling))
            except CfgenError as error:
                code = console.fail(error)
        if drift:
            found = heeding(stop, lambda: stacksets_view.drift(aws, name, call_as, **telling))
        data = stacksets_view.view(aws, name, call_as)
    if found is not None:
        data["drift"] = found
    if style == "json":
        console.show_json(data)
    else:
        for line in stacksets_view.lines(data):
            click.echo(line)
    return code


def destroy(
    name: str, region: str | None, profile: str | None, *, delegated: bool, no_confirm: bool, timeout: float,
    style: str, options: dict[str, Any],
) -> int:  # fmt: skip
    """``cfgen destroy NAME --stack-set``."""
    from cfgen.deploy import errors, session, stacksets_view
    from cfgen.deploy.stacksets_present import get

    call_as = {"CallAs": "DELEGATED_ADMIN"} if delegated else {}
    stop = threading.Event()
    with session.Aws(region or session.default_region(profile), profile) as aws:
        found = get(aws, name, call_as)
        count = len(found.instances)
        warn([f"{name} in {aws.region}: {count} stack{'' if count == 1 else 's'} and the set are deleted"])
        warn([f"  {one.account} {one.region} {one.stack}" for one in found.instances])
        if not no_confirm:
            typed = click.prompt(
                "Type the stack set's name to delete it", err=True, default="", show_default=False
            )
            if typed != name:
                raise errors.Declined("not deleted: that is not the stack set's name")
        rows = heeding(
            stop,
            lambda: stacksets_view.destroy(
                aws, name, found, call_as, preferences(options), say=lambda text: warn([text]), stop=stop,
                timeout=timeout, profile=profile,
            ),
        )  # fmt: skip
    if style == "json":
        console.show_json({"stackSet": name, "outcome": "deleted", "stacks": [row.data() for row in rows]})
    else:
        click.echo(f"{name} in {aws.region}: deleted, with {count} stack{'' if count == 1 else 's'}")
    return 0
