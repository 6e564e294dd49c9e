"""After a launch: does the endpoint serve what the stack says, and does it answer?

SageMaker may roll an endpoint back to its former configuration while the stack reports UPDATE_COMPLETE
("Deployment guardrails"; *reported*), and a container may pass its health check with a model that cannot be loaded.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

from cfgen import document
from cfgen.deploy import errors, invoke, sample
from cfgen.deploy.session import aws_errors
from cfgen.deploy.stack import StackView

_BROKEN = ("Failed", "OutOfService", "RollingBack", "UpdateRollbackFailed", "Deleting")
_SETTLES = ("Creating", "Updating", "SystemUpdating")


@dataclass(frozen=True, slots=True)
class EndpointCheck:
    """What was found. ``answered`` is None when no request was sent; ``note`` says why."""

    name: str
    status: str
    config: str
    expected: str
    instances: int
    answered: bool | None = None
    seconds: float = 0.0
    note: str = ""

    def data(self) -> dict[str, Any]:
        """For ``--format json``."""
        return asdict(self)


def expected_config(stack: StackView, logical_id: str) -> str:
    """The name of the configuration that the stack's template gives this endpoint; empty when it cannot be told."""
    named = _properties(stack, logical_id).get("EndpointConfigName")
    return _physical(stack, document.ENDPOINT_CONFIG, named, alone=True)


def expected_model(stack: StackView, logical_id: str) -> str:
    """The name of the model that the stack's template gives this inference component; empty for an adapter."""
    specification = _properties(stack, logical_id).get("Specification") or {}
    return _physical(stack, document.MODEL, specification.get("ModelName"))


def _properties(stack: StackView, logical_id: str) -> dict[str, Any]:
    return document.resources(stack.template).get(logical_id, {}).get("Properties") or {}


def _physical(stack: StackView, kind: str, named: Any, *, alone: bool = False) -> str:
    """The name of the one resource of a type that a value refers to; with ``alone``, of the only one there is."""
    every = [one for one in stack.resources if one.type == kind and one.physical_id]
    wanted = set(document.references(named))
    found = [one for one in every if one.logical_id in wanted] or (every if alone and len(every) == 1 else [])
    return found[0].physical_id.rsplit("/", 1)[-1] if len(found) == 1 else ""


def describe(stack: StackView, name: str) -> dict[str, Any]:
    """The endpoint as SageMaker sees it."""
    with aws_errors(f"describe the endpoint {name}"):
        answer: dict[str, Any] = stack.aws.client("sagemaker").describe_endpoint(EndpointName=name)
    return answer


def check(
    stack: StackView, *, request: bool = True, patience: float = 300.0, settle: float = 60.0
) -> tuple[EndpointCheck, ...]:
    """Check every endpoint of the stack, with its inference components. Raises EndpointWrong and EndpointSilent.

    ``patience`` is how long a first answer may take in all: the first request loads the model in some containers.
    """
    found = []
    for resource in stack.resources:
        if resource.type == document.COMPONENT and resource.physical_id:
            _component(stack, resource.physical_id.rsplit("/", 1)[-1], resource.logical_id)
    for resource in stack.resources:
        if resource.type == document.ENDPOINT and resource.physical_id:
            name = resource.physical_id.rsplit("/", 1)[-1]
            expected = expected_config(stack, resource.logical_id)
            started = time.monotonic()
            while True:
                raw = describe(stack, name)
                if raw["EndpointStatus"] not in _SETTLES or time.monotonic() - started > settle:
                    break
                time.sleep(1)
            found.append(_one(stack, name, expected, raw, patience if request else 0.0))
    return tuple(found)


def _component(stack: StackView, name: str, logical_id: str) -> None:
    """Refuse a component that went back to the model it had before, or that does not serve at all."""
    with aws_errors(f"describe the inference component {name}"):
        raw = stack.aws.client("sagemaker").describe_inference_component(InferenceComponentName=name)
    expected = expected_model(stack, logical_id)
    model = (raw.get("Specification") or {}).get("ModelName") or ""
    if raw["InferenceComponentStatus"] == "Failed" or (expected and model.casefold() != expected.casefold()):
        serves = f"serves the model {model}, not the stack's {expected}"
        what = "has failed" if raw["InferenceComponentStatus"] == "Failed" else serves
        raise errors.EndpointWrong(
            f"the stack is complete, but inference component {name} {what}: "
            f"{raw.get('FailureReason') or 'SageMaker has rolled it back, or someone changed it'}",
            hint=f"cfgen logs {stack.name} --region {stack.aws.region}, then deploy again",
        )


def _one(stack: StackView, name: str, expected: str, raw: dict[str, Any], patience: float) -> EndpointCheck:
    status, config = raw["EndpointStatus"], raw["EndpointConfigName"]
    if status in _BROKEN:
        raise errors.EndpointWrong(
            f"the stack is complete, but endpoint {name} is {status}: {raw.get('FailureReason', 'no reason')}",
            hint=f"cfgen logs {stack.name} --region {stack.aws.region}",
        )
    # ARNs, and so physical ids, are in lower case
    if expected and config.casefold() != expected.casefold():
        raise errors.EndpointWrong(
            f"the stack is complete, but endpoint {name} serves the configuration {config}, "
            f"not the stack's {expected}: "
            "SageMaker has rolled it back, or someone changed it",
            hint=f"cfgen logs {stack.name} --region {stack.aws.region}, then deploy again",
        )
    instances = sum(one.get("CurrentInstanceCount", 0) for one in raw.get("ProductionVariants", ()))
    seen = EndpointCheck(name, status, config, expected, instances)
    if not patience:
        return seen
    if raw.get("AsyncInferenceConfig") is not None:
        return EndpointCheck(*_head(seen), note="no request sent: the endpoint is asynchronous")
    example = sample.of_outputs(stack.outputs)
    if example is None:
        return EndpointCheck(*_head(seen), note="no request sent: the template names no example")
    return _ask(stack, seen, example, patience)


def _head(seen: EndpointCheck) -> tuple[str, str, str, str, int]:
    return seen.name, seen.status, seen.config, seen.expected, seen.instances


def _ask(stack: StackView, seen: EndpointCheck, example: sample.Sample, patience: float) -> EndpointCheck:
    target = invoke.target_of(stack, component=example.component)
    target = invoke.Target(seen.name, target.component, model=example.model)
    started, refusals = time.monotonic(), 0
    while True:
        try:
            answer = invoke.invoke(
                stack.aws,
                target,
                example.body.encode(),
                content_type=example.content_type,
                accept=example.accept,
            )
            return EndpointCheck(*_head(seen), answered=True, seconds=round(answer.seconds, 3))
        except errors.AccessDenied as error:
            return EndpointCheck(*_head(seen), note=f"no request sent: {error.message}")
        except errors.DeployError as error:
            # a model that is still being loaded answers with 4xx at times; the same three times is an answer
            refusals += 1
            if "has no capacity" in error.message:
                return EndpointCheck(
                    *_head(seen), note="not asked: scaled to zero, where the first request wakes it"
                )
            slow = isinstance(error, (errors.Unreachable, errors.Throttled))
            if (refusals >= 3 and not slow) or time.monotonic() - started > patience:
                raise errors.EndpointSilent(
                    f"the endpoint {seen.name} is in service and does not answer: {error.message}",
                    hint=f"cfgen logs {stack.name} --region {stack.aws.region}",
                ) from error
            time.sleep(min(2.0 * refusals, 10.0))
