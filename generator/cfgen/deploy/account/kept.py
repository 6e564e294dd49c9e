"""The parameters that a launch would have: what is given, else what a stack that exists keeps, else the template's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cfgen.deploy import errors
from cfgen.deploy import stack as stacks
from cfgen.deploy.account.reasons import attempt
from cfgen.deploy.inputs import merge
from cfgen.deploy.session import Aws

if TYPE_CHECKING:
    from cfgen.render.template import Template


def values_of(
    template: Template,
    given: Mapping[str, str],
    region: str,
    profile: str | None,
    stack_name: str,
    *,
    reset: bool = False,
) -> Mapping[str, str]:
    """``given``, and of a stack of that name what its launcher chose (``reset``: nothing of it).

    As given where the stack cannot be read, or where what is given will be refused.
    """
    with Aws(region, profile, attempts=2, patience=10) as aws:
        stack, _ = attempt(lambda: stacks.find(aws, stack_name))
        if stack is None or stack.status in {"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"}:
            return given
        deployed, _ = attempt(lambda: stack.deployed)
    if deployed is None:
        return given
    try:
        merged = merge(template, given, deployed, reset=reset)
    except (errors.ParameterMissing, errors.ParameterUnknown):
        return given
    declared = dict(template.parameters)
    # what is masked is not its value
    kept = {
        name: value for name, value in deployed.values.items() if name in declared and set(value) != {"*"}
    }
    return {**kept, **merged.overrides}
