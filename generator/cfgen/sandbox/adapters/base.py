"""What every adapter has in common: the context it works in, names, waiting, and shaping of parameters."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

import random
import re
import string
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from moto.core.utils import get_service_model

from cfgen.sandbox.cfn.errors import Cancelled, ResourceFailure
from cfgen.sandbox.clients import Credentials, client
from cfgen.sandbox.wire import ACCOUNT, partition_of

Props = dict[str, Any]
REGISTRY: dict[str, Adapter] = {}


@dataclass
class Made:
    """A resource that exists: its physical id, what GetAtt answers, and Ref where it is not the id."""

    id: str
    attributes: dict[str, Any] = field(default_factory=dict)
    ref: Any = None


@dataclass
class Context:
    """The circumstances of one resource operation."""

    stack_name: str
    stack_id: str
    logical_id: str
    type: str
    region: str
    keys: Credentials
    cancelled: threading.Event = field(default_factory=threading.Event)
    token: str = field(default_factory=lambda: str(uuid.uuid4()))
    # called with the physical id as soon as there is one, so that a rollback can remove what was half made
    announce: Callable[[str], None] = lambda _id: None
    replacing: bool = False
    stack_tags: dict[str, str] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A client with the stack's credentials."""
        return client(service, self.region, self.keys)

    @property
    def account(self) -> str:
        return ACCOUNT

    @property
    def partition(self) -> str:
        return partition_of(self.region)

    def arn(self, service: str, rest: str, *, regional: bool = True) -> str:
        """An ARN in this account."""
        return f"arn:{self.partition}:{service}:{self.region if regional else ''}:{self.account}:{rest}"

    def name(self, limit: int = 64, *, lower: bool = False, joiner: str = "-") -> str:
        """A name as CloudFormation generates them: stack, logical id and twelve random characters."""
        tail = "".join(random.choices(string.ascii_letters + string.digits, k=12))
        room = limit - len(tail) - 2 * len(joiner)
        stack, logical = self.stack_name, self.logical_id
        if len(stack) + len(logical) > room:
            half = room // 2
            logical = logical[: max(half, room - len(stack))]
            stack = stack[: room - len(logical)]
        made = joiner.join((stack, logical, tail))
        return made.lower() if lower else made

    def wait(self, done: Callable[[], bool], seconds: float, what: str, every: float = 0.05) -> None:
        """Poll until done; gives up when the operation is cancelled or the time is over."""
        end = time.monotonic() + seconds
        while not done():
            if self.cancelled.is_set():
                raise Cancelled
            if time.monotonic() > end:
                raise ResourceFailure(f"Exceeded attempts to wait: {what}")
            time.sleep(every)
            every = min(every * 1.3, 0.5)


class Adapter:
    """How one resource type is made, changed and removed. Methods may raise ClientError or ResourceFailure."""

    type = ""

    def create(self, ctx: Context, p: Props) -> Made:
        """Make it."""
        raise NotImplementedError

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        """Change it in place; only asked for changes that need no replacement."""
        raise ResourceFailure(f"Update of {self.type} is not supported by the cfgen sandbox")

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        """Remove it; a resource that is already gone is no error."""
        raise NotImplementedError

    def replaces(self, old: Props, new: Props) -> bool:
        """Whether this change means a new resource beyond what the schema says."""
        return False

    def actual(self, ctx: Context, made: Made, p: Props) -> Props | None:
        """The properties as they really are, for drift detection; None where that is not looked at."""
        return None


def register(*adapters: type[Adapter]) -> None:
    """Enter adapters into the registry."""
    for kind in adapters:
        REGISTRY[kind.type] = kind()


def already_exists(ctx: Context, identifier: str) -> ResourceFailure:
    """The failure of a name clash."""
    return ResourceFailure(
        f"Resource of type '{ctx.type}' with identifier '{identifier}' already exists. "
        f"(RequestToken: {ctx.token}, HandlerErrorCode: AlreadyExists)"
    )


def refuse_existing(ctx: Context, identifier: str, probe: Callable[[], Any]) -> None:
    """Fail if a resource of this name is there already: moto overwrites where AWS refuses."""
    try:
        found = probe()
    except ClientError:
        return
    if found:
        raise already_exists(ctx, identifier)


_GONE = re.compile(
    r"NotFound|NoSuch|does not exist|not exist|Could not find|NonExist|cannot find|MissingResource", re.I
)


def gone(error: ClientError) -> bool:
    """Whether an error says that the thing is not there."""
    details = error.response["Error"]
    return bool(_GONE.search(details.get("Code", "")) or _GONE.search(details.get("Message", "")))


def quietly(call: Callable[[], Any]) -> None:
    """Do it; if the thing is gone already, fine."""
    try:
        call()
    except ClientError as error:
        if not gone(error):
            raise


def shaped(service: str, operation: str, p: Props, **extra: Any) -> Props:
    """CloudFormation properties as an API operation's parameters: members matched by name, whatever their case."""
    shape = get_service_model(service).operation_model(operation).input_shape
    made = _shape(p, shape)
    assert isinstance(made, dict)
    return {**made, **{key: value for key, value in extra.items() if value is not None}}


def _shape(value: Any, shape: Any) -> Any:
    if shape is None:
        return value
    if shape.type_name == "structure" and isinstance(value, dict):
        members = {name.lower(): name for name in shape.members}
        made = {}
        for key, item in value.items():
            name = members.get(key.lower())
            if name is not None:
                made[name] = _shape(item, shape.members[name])
        return made
    if shape.type_name == "list" and isinstance(value, list):
        return [_shape(item, shape.member) for item in value]
    if shape.type_name == "list" and isinstance(value, dict):
        # tags as a map where the API wants pairs
        pairs = [{"Key": key, "Value": item} for key, item in value.items()]
        return [_shape(item, shape.member) for item in pairs]
    if shape.type_name == "map":
        if isinstance(value, list):
            return {item["Key"]: item["Value"] for item in value}
        return (
            {key: _shape(item, shape.value) for key, item in value.items()}
            if isinstance(value, dict)
            else value
        )
    if shape.type_name == "string" and isinstance(value, bool):
        return "true" if value else "false"
    if shape.type_name == "string" and isinstance(value, int | float):
        return str(value)
    if shape.type_name in ("integer", "long") and isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        return int(value)
    if shape.type_name == "boolean" and isinstance(value, str):
        return value.lower() == "true"
    return value


def refuse_unhandled(ctx: Context, p: Props, handled: tuple[str, ...]) -> None:
    """Fail over properties the adapter would otherwise ignore in silence."""
    extra = [key for key in p if key not in handled]
    if extra:
        raise ResourceFailure(f"the cfgen sandbox does not imitate {ctx.type} with {', '.join(extra)}")


def tag_pairs(tags: Any) -> dict[str, str]:
    """Tags, however given, as a map."""
    if isinstance(tags, dict):
        return {str(key): str(value) for key, value in tags.items()}
    return {str(tag["Key"]): str(tag.get("Value", "")) for tag in tags or []}


def changed_tags(old: Props, new: Props, key: str = "Tags") -> tuple[dict[str, str], list[str]]:
    """Tags to set and tag keys to remove."""
    before, after = tag_pairs(old.get(key)), tag_pairs(new.get(key))
    return {k: v for k, v in after.items() if before.get(k) != v}, [k for k in before if k not in after]
