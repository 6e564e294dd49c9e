"""What somebody must have done first, by hand: access, subscriptions, agreements, secrets. With links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfgen.lint.evaluate import known, mapping, maps, strings, text
from cfgen.lint.worlds import World
from cfgen.plan.account import MISSING, Account
from cfgen.plan.model import Check
from cfgen.spec import Spec

_HUB = "https://huggingface.co/{}"
_SECRETS = "https://docs.aws.amazon.com/secretsmanager/latest/userguide/create_secret.html"
_SUBSCRIBE = "https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-mkt-find-subscribe.html"
_EULA = "https://docs.aws.amazon.com/sagemaker/latest/dg/jumpstart-foundation-models-choose.html"
_RESOLVE = "{{resolve:secretsmanager:"


def secrets_of(world: World) -> tuple[str, ...]:
    """The Secrets Manager secrets that the launch reads, by name or ARN: of parameters, and of dynamic references."""
    found = [
        text(world.reference(name)) for name in world.template.section("Parameters") if name == "TokenSecret"
    ]
    for resource in world.of_type("*"):
        for value, _ in strings(resource.properties):
            if _RESOLVE in value:
                reference = value.split(_RESOLVE, 1)[1].split("}}", 1)[0]
                found.append(
                    ":".join(reference.split(":")[:7])
                    if reference.startswith("arn:")
                    else reference.split(":")[0]
                )
    return tuple(dict.fromkeys(one.partition("::")[0] for one in found if one and "⟦" not in one))


def secret_checks(world: World, account: Account | None) -> Iterator[Check]:
    """Whether each secret is there. Its value is never asked for."""
    for name in secrets_of(world):
        state = None if account is None else account.secrets.get(name, account.problem or "not asked for")
        title = f"secret {name}"
        make = f"aws secretsmanager create-secret --name {name} --secret-string … --region {world.region}"
        if state == "":
            yield Check("secret", "ok", title, "is there", region=world.region)
        elif state == MISSING:
            yield Check("secret", "failed", title, "is not there", make, _SECRETS, world.region)
        elif state is None:
            yield Check("secret", "unknown", title, "not looked for", make, _SECRETS, world.region)
        else:
            yield Check("secret", "unknown", title, f"could not be read: {state}", "", _SECRETS, world.region)


def steps(spec: Spec | None, world: World) -> Iterator[Check]:
    """What must be done by hand before the launch."""
    model: Any = spec.data.model if spec is not None else None
    if model is not None:
        yield from _hub(model)
    for resource in world.of_type("AWS::SageMaker::Model"):
        yield from _packages(resource.properties)
    yield from _agreements(world)


def _hub(model: Any) -> Iterator[Check]:
    given = getattr(model, "model_id", None)
    if getattr(model, "type", "") == "jumpstart":
        return
    ids = [given] if isinstance(given, str) else [getattr(one, "id", one) for one in given or ()]
    if getattr(model, "token_secret", None):
        for one in ids:
            yield Check(
                "access", "todo", f"access to {one}",
                "gated: its page must say that you have access, with the account whose token is in the secret",
                link=_HUB.format(one),
            )  # fmt: skip


def _packages(properties: Mapping[str, Any]) -> Iterator[Check]:
    containers = [mapping(properties, "PrimaryContainer"), *maps(properties, "Containers")]
    for arn in {text(one["ModelPackageName"]) for one in containers if known(one.get("ModelPackageName"))}:
        yield Check(
            "subscription", "todo", "subscription in AWS Marketplace",
            f"a proprietary model package must be subscribed to in the account of the launch, and its owner may bill "
            f"for its software on top: {arn}",
            link=_SUBSCRIBE,
        )  # fmt: skip


def _agreements(world: World) -> Iterator[Check]:
    """Licences that the launcher accepts by a parameter; its description ends with where the text is."""
    for name, parameter in world.template.section("Parameters").items():
        if not str(name).endswith("AcceptEula"):
            continue
        address = re.search(r"https://\S+", str(parameter.get("Description", "")))
        link = address[0] if address else _EULA
        title = "end-user licence agreement"
        if text(world.reference(name)) == "true":
            yield Check(
                "eula", "todo", title, f"read it: the parameter {name} is true, which accepts it", link=link
            )
        else:
            yield Check("eula", "failed", title, f"is not accepted by the parameter {name}", link=link)
