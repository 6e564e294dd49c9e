"""One launch in two steps: ``prepare`` makes and reads the change set, ``carry_out`` executes and follows it.

Nothing in the account changes before ``carry_out``; ``abandon`` takes the change set back.
"""

from __future__ import annotations

import threading
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cfgen import document
from cfgen.deploy import after, awscli, changes, errors, events, two_step, validations
from cfgen.deploy import stack as stacks
from cfgen.deploy.assets import upload_assets
from cfgen.deploy.inputs import BY_SERVICE_ROLE, STATE, Parameters, check_regions, merge
from cfgen.deploy.launch import Launch, Prepared, Result
from cfgen.deploy.report import Reporter, Silent
from cfgen.deploy.session import Aws, aws_errors
from cfgen.deploy.updates import SWITCH
from cfgen.deploy.witness import Witness, failed

if TYPE_CHECKING:
    from cfgen.deploy.diff import Difference


def prepare(
    launch: Launch, aws: Aws, *, report: Reporter | None = None, stop: threading.Event | None = None
) -> Prepared:
    """Check, and make the change set. Raises DeployError of every kind; nothing is changed."""
    say = (report or Silent()).say
    check_regions(launch.template, [launch.region])
    awscli.check_size(launch.template.size, launch.s3_bucket)
    before = stacks.find(aws, launch.stack_name)
    if before is not None and before.status == "DELETE_COMPLETE":
        before = None
    if before is not None:
        stacks.check_deployable(before)
    real = before if before is not None and before.status != "REVIEW_IN_PROGRESS" else None
    # a stack that only waits for its first change set has no parameters worth keeping
    given = {**launch.parameters, **upload_assets(launch.template, aws, launch.s3_bucket)}
    merged = merge(launch.template, given, real.deployed if real else None, reset=launch.reset_parameters)
    _check_service_role(launch, merged, real)
    for name, (now, default) in merged.kept.items():
        if name == STATE:
            say(f"the endpoint is switched off, and stays so (--parameter {name}={default} switches it on)")
        else:
            say(f"{name} stays {now} as in the stack (the spec has {default}; --reset-parameters takes that)")
    data = document.load(launch.template.text, launch.template.name)
    compared = _compared(real, data, merged, launch) if real else None
    refusals = compared.refusals if compared and launch.checked else ()
    in_two = bool(refusals) and launch.two_step and all(one.two_step for one in refusals)
    if real and refusals and not in_two:
        raise two_step.refuse(launch, real, refusals)
    say(f"making a change set for {launch.stack_name} in {launch.region}")
    request = awscli.Request(
        launch.template.text, launch.stack_name, launch.region, launch.profile, merged.overrides,
        document.capabilities(data), {**_tags(real), **launch.tags}, launch.role_arn, launch.s3_bucket,
        f"cfgen/{launch.template.name}",
    )  # fmt: skip
    try:
        arn = awscli.make_change_set(request, stop)
    except errors.ChangeSetFailed as error:
        raise validations.explain(error, aws, launch.stack_name) from error
    actions = {row.name: row.action for row in compared.resources} if compared else None
    change_set = changes.read(aws.client("cloudformation"), arn, data, actions) if arn else None
    return Prepared(launch, real is None, before is None, change_set, merged, in_two)


def _compared(
    stack: stacks.StackView, data: dict[str, Any], merged: Parameters, launch: Launch
) -> Difference:
    """What a comparison of the templates says: what would be refused, and what a change set leaves open."""
    from cfgen.deploy import diff

    kept = {name: now for name, (now, _) in merged.kept.items()}
    before = diff.Side(stack.template, stack.values, launch.region)
    after = diff.Side(data, {**stack.values, **merged.overrides, **kept}, launch.region)
    return diff.compare(before, after)


def _tags(stack: stacks.StackView | None) -> dict[str, str]:
    """The stack's own tags: the AWS CLI sends the list it is given, and a missing tag is a deleted one."""
    if stack is None:
        return {}
    return {
        one["Key"]: one["Value"] for one in stack.raw.get("Tags", ()) if not one["Key"].startswith("aws:")
    }


def abandon(prepared: Prepared, aws: Aws) -> None:
    """Delete the change set, and the empty stack that was made to hold it."""
    if prepared.change_set is None:
        return
    client = aws.client("cloudformation")
    with aws_errors("delete the change set"):
        client.delete_change_set(ChangeSetName=prepared.change_set.id)
        if prepared.opened:
            client.delete_stack(StackName=prepared.change_set.stack_id)


def carry_out(
    prepared: Prepared, aws: Aws, *, report: Reporter | None = None, stop: threading.Event | None = None
) -> Result:
    """Execute the change set, follow it to its end, look at the endpoint. Raises DeployError of every kind."""
    if prepared.two_step:
        return _in_two_steps(prepared, aws, report or Silent(), stop)
    launch, change_set, reporter = prepared.launch, prepared.change_set, report or Silent()
    client, started = aws.client("cloudformation"), time.monotonic()
    if change_set is None:
        _protect(launch, client, launch.stack_name)
        stack = stacks.get(aws, launch.stack_name)
        return Result(launch, "unchanged", time.monotonic() - started, stack.outputs)
    data = document.load(launch.template.text, launch.template.name)
    feed = events.Feed(client, change_set.stack_id, document.descriptions(data))
    with aws_errors(f"execute the change set of {launch.stack_name}"):
        feed.skip()
        keep = {"DisableRollback": True} if launch.on_failure == "keep" else {}
        client.execute_change_set(
            ChangeSetName=change_set.id, ClientRequestToken=f"cfgen-{uuid.uuid4()}", **keep
        )
    witness = Witness(aws)
    reporter.begin(
        f"{launch.stack_name} in {launch.region}",
        {one.logical_id: one.description or one.logical_id for one in change_set.changes},
    )
    try:
        _protect(launch, client, change_set.stack_id)

        def on_event(event: events.Event) -> None:
            reporter.event(event)
            witness.see(event)

        ending = events.follow(
            feed,
            timeout=launch.timeout,
            on_event=on_event,
            stop=stop,
            what=launch.stack_name,
            resume=launch.resume,
        )
    finally:
        reporter.end()
    if not ending.good:
        raise _failed(prepared, aws, ending, witness, reporter)
    stack = stacks.get(aws, change_set.stack_id)
    done = Result(
        launch,
        "created" if prepared.new else "updated",
        time.monotonic() - started,
        stack.outputs,
        change_set,
    )
    if stack.switched_off:
        reporter.say("the endpoint is switched off: nothing was asked of it")
    if stack.endpoints:
        reporter.say(f"looking at the endpoint {', '.join(stack.endpoints)}")
    return replace(
        done, endpoints=after.check(stack, request=launch.request), seconds=time.monotonic() - started
    )


def _check_service_role(launch: Launch, merged: Parameters, stack: stacks.StackView | None) -> None:
    """A schedule without rights of its own would leave an endpoint behind that its stack has forgotten."""
    kept = merged.kept.get(BY_SERVICE_ROLE, ("",))[0]
    uses = merged.overrides.get(BY_SERVICE_ROLE, kept) == "yes"
    if uses and not launch.role_arn and not (stack and stack.raw.get("RoleARN")):
        raise errors.PreflightFailed(
            f"{BY_SERVICE_ROLE} is yes, and the stack has no service role: its schedule could delete nothing",
            hint=f"launch with --role-arn, or with --parameter {BY_SERVICE_ROLE}=no",
        )


def _in_two_steps(prepared: Prepared, aws: Aws, report: Reporter, stop: threading.Event | None) -> Result:
    """Scaling off with the old template, then the launch with scaling on; if that fails, on again with the old one."""
    launch, started = prepared.launch, time.monotonic()
    # an update makes a change set of before it worthless ("Change set status and execution status")
    abandon(prepared, aws)
    two_step.switch(launch, aws, "no", report, stop)
    on = {SWITCH: "yes"} if SWITCH in dict(launch.template.parameters) else {}
    second = replace(launch, two_step=False, parameters={**on, **launch.parameters})
    try:
        done = carry_out(prepare(second, aws, report=report, stop=stop), aws, report=report, stop=stop)
    except (errors.TimedOut, errors.Interrupted):
        raise
    except errors.DeployError:
        stack = stacks.get(aws, launch.stack_name)
        if stack.status.endswith("_COMPLETE") and stack.values.get(SWITCH) == "no":
            two_step.switch(launch, aws, "yes", report, stop)
        raise
    return replace(done, launch=launch, seconds=time.monotonic() - started)


def _protect(launch: Launch, client: Any, stack: str) -> None:
    if launch.termination_protection:
        with aws_errors("turn termination protection on"):
            client.update_termination_protection(StackName=stack, EnableTerminationProtection=True)


def _failed(
    prepared: Prepared, aws: Aws, ending: events.Ending, witness: Witness, report: Reporter
) -> errors.StackFailed:
    launch, change_set = prepared.launch, prepared.change_set
    where = f"{launch.stack_name} --region {launch.region}"
    hint = "the stack is as it was before"
    if launch.on_failure == "keep":
        hint = f"what was made is kept; deploy again to go on, or cfgen destroy {where}"
    elif ending.status == "UPDATE_ROLLBACK_FAILED":
        hint = f"aws cloudformation continue-update-rollback --stack-name {where}"
    elif prepared.new:
        hint = f"cfgen destroy {where} removes the empty stack before you deploy again"
        if launch.on_failure == "delete" and change_set is not None:
            report.say(f"deleting the failed stack {launch.stack_name}")
            with aws_errors(f"delete {launch.stack_name}"):
                aws.client("cloudformation").delete_stack(StackName=change_set.stack_id)
            hint = "the failed stack is being deleted"
    return failed(launch.stack_name, ending, witness, hint)
