"""An update that SageMaker refuses while a variant scales: switched off before it, on again with it or after it.

The first step is the stack's own template with one parameter changed, so that nothing else moves.
"""

from __future__ import annotations

import shlex
import threading
import uuid
from typing import TYPE_CHECKING, Any

from cfgen import document
from cfgen.deploy import errors, events
from cfgen.deploy import stack as stacks
from cfgen.deploy.session import Aws, aws_errors
from cfgen.deploy.updates import SWITCH, Refusal
from cfgen.deploy.witness import Witness, failed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cfgen.deploy.launch import Launch
    from cfgen.deploy.report import Reporter


def refuse(launch: Launch, stack: stacks.StackView, refusals: Sequence[Refusal]) -> errors.UpdateRefused:
    """The error for an update that would be refused, with what to do instead."""
    told = "".join(
        f"\n  {one.resource}: {one.message}\n    instead: {one.instead}\n    {one.source}" for one in refusals
    )
    hint = "--skip-preflight tries it all the same; it would be rolled back"
    if all(one.two_step for one in refusals):
        hint = (
            "--two-step does both steps. By hand:\n"
            f"  {by_hand(launch, stack)}\n"
            f"  then, when that is done, this deployment again with --parameter {SWITCH}=yes"
        )
    return errors.UpdateRefused(
        f"not executed: the update of {launch.stack_name} in {launch.region} would be refused{told}",
        hint=hint,
    )


def by_hand(launch: Launch, stack: stacks.StackView) -> str:
    """The first step as a command of the AWS CLI."""
    given = [f"ParameterKey={SWITCH},ParameterValue=no"]
    given += [f"ParameterKey={name},UsePreviousValue=true" for name in stack.values if name != SWITCH]
    words = ["aws", "cloudformation", "update-stack", "--use-previous-template"]
    words += ["--stack-name", launch.stack_name, "--region", launch.region]
    words += ["--profile", launch.profile] if launch.profile else []
    words += ["--role-arn", launch.role_arn] if launch.role_arn else []
    words += ["--capabilities", *document.capabilities(stack.template), "--parameters", *given]
    return shlex.join(words)


def switch(
    launch: Launch, aws: Aws, value: str, report: Reporter, stop: threading.Event | None = None
) -> None:
    """Update the stack with its own template and ``ScalingEnabled`` of that value, to the end.

    Raises StackFailed, TimedOut, Interrupted and what AWS's errors become.
    """
    stack = stacks.get(aws, launch.stack_name)
    client = aws.client("cloudformation")
    feed = events.Feed(client, stack.id, document.descriptions(stack.template))
    report.say(f"switching automatic scaling {'on' if value == 'yes' else 'off'} ({SWITCH}={value})")
    request: dict[str, Any] = {"RoleARN": launch.role_arn} if launch.role_arn else {}
    with aws_errors(f"update {launch.stack_name}"):
        feed.skip()
        client.update_stack(
            StackName=stack.id,
            UsePreviousTemplate=True,
            Parameters=[
                {"ParameterKey": SWITCH, "ParameterValue": value},
                *(
                    {"ParameterKey": name, "UsePreviousValue": True}
                    for name in stack.values
                    if name != SWITCH
                ),
            ],
            Capabilities=list(document.capabilities(stack.template)),
            ClientRequestToken=f"cfgen-{uuid.uuid4()}",
            **request,
        )
    witness = Witness(aws)

    def on_event(event: events.Event) -> None:
        report.event(event)
        witness.see(event)

    ending = events.follow(
        feed,
        timeout=launch.timeout,
        on_event=on_event,
        stop=stop,
        what=launch.stack_name,
        resume=launch.resume,
    )
    if not ending.good:
        raise failed(launch.stack_name, ending, witness, "the stack is as it was before")
