"""One resource through its adapter: create, update, replace, delete, with events, policies and faults."""

from __future__ import annotations

import json
import threading
import uuid
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cfgen.sandbox import adapters
from cfgen.sandbox.adapters.base import Context, Made
from cfgen.sandbox.cfn import dynamic, schema
from cfgen.sandbox.cfn.errors import Cancelled, ResourceFailure, Untouched
from cfgen.sandbox.cfn.intrinsics import resolve
from cfgen.sandbox.cfn.prepare import Prepared
from cfgen.sandbox.cfn.state import Resource, Stack
from cfgen.sandbox.cfn.values import made_lookup, made_of, properties_of, scope_for
from cfgen.sandbox.faults import faults
from cfgen.sandbox.wire import AwsError


def reason_of(error: BaseException, token: str) -> str:
    """The text of an event for a failure, as CloudFormation words it."""
    if isinstance(error, ResourceFailure):
        return str(error)
    if isinstance(error, ClientError):
        details = error.response["Error"]
        meta = error.response.get("ResponseMetadata", {})
        code = details.get("Code", "Unknown")
        kind = (
            "AccessDenied"
            if "AccessDenied" in code or "Unauthorized" in code or "Authorization" in code
            else (
                "Throttling"
                if "Throttl" in code
                else "AlreadyExists"
                if "Exist" in code
                else "GeneralServiceException"
            )
        )
        return (
            f'Resource handler returned message: "{details.get("Message", "")} (Service: '
            f"{error.operation_name}, Status Code: {meta.get('HTTPStatusCode', 400)}, Request ID: "
            f'{meta.get("RequestId", token)}, Code: {code})" (RequestToken: {token}, HandlerErrorCode: {kind})'
        )
    if isinstance(error, BotoCoreError):
        return f'Resource handler returned message: "{error}" (RequestToken: {token}, HandlerErrorCode: InvalidRequest)'
    if isinstance(error, AwsError):
        return error.message
    return f"Internal failure of the cfgen sandbox: {type(error).__name__}: {error}"


class Worker:
    """Resource operations within one stack operation."""

    def __init__(self, stack: Stack, prepared: Prepared | None, cancelled: threading.Event) -> None:
        self.stack, self.prepared, self.cancelled = stack, prepared, cancelled
        self.imports: set[str] = set()

    def context(self, resource: Resource, *, cancellable: bool = True, replacing: bool = False) -> Context:
        """The context for one resource."""

        def announce(physical_id: str) -> None:
            resource.physical_id = physical_id

        return Context(
            self.stack.name,
            self.stack.id,
            resource.logical_id,
            resource.type,
            self.stack.region,
            self.stack.keys,
            cancelled=self.cancelled if cancellable else threading.Event(),
            announce=announce,
            replacing=replacing,
            stack_tags=self.stack.tags,
        )

    def properties(self, name: str) -> dict[str, Any]:
        """The computed properties of a resource, now that what it needs exists; schema-checked."""
        assert self.prepared is not None
        scope = scope_for(self.stack, self.prepared, made_lookup(self.stack))
        properties = properties_of(name, self.prepared, scope)
        self.imports |= scope.imports
        kind = self.prepared.template["Resources"][name]["Type"]
        check_properties(name, kind, dynamic.hide(properties), self.stack.region)
        return properties

    def expand(self, resource: Resource, properties: dict[str, Any]) -> dict[str, Any]:
        """Properties with dynamic references looked up, ready for the adapter."""
        return dynamic.expand(properties, resource.type, self.stack.region, self.stack.keys)  # type: ignore[no-any-return]

    def new_resource(self, name: str) -> Resource:
        """The record of a resource about to be made."""
        assert self.prepared is not None
        body = self.prepared.template["Resources"][name]
        return Resource(
            name,
            body["Type"],
            depends=set(self.prepared.graph[name]),
            deletion_policy=self._policy(body.get("DeletionPolicy"), _default_policy(body["Type"])),
            replace_policy=self._policy(body.get("UpdateReplacePolicy"), "Delete"),
            metadata=body.get("Metadata"),
        )

    def _policy(self, value: Any, default: str) -> str:
        if value is None:
            return default
        assert self.prepared is not None
        return str(resolve(value, scope_for(self.stack, self.prepared, None)))

    def create(self, resource: Resource, *, status: str = "CREATE", reason: str = "") -> None:
        """Make a resource; ``status`` is UPDATE when it replaces one."""
        token = str(uuid.uuid4())
        self.stack.record(f"{status}_IN_PROGRESS", reason, resource, token)
        try:
            properties = self.properties(resource.logical_id)
            resource.properties = properties
            self._fault(resource, "create")
            adapter = adapters.find(resource.type)
            assert adapter is not None
            context = self.context(resource, replacing=status == "UPDATE")
            made = adapter.create(context, self.expand(resource, properties))
        except Exception as error:
            self._failed(resource, f"{status}_FAILED", error, token)
            raise
        self._take(resource, made)
        if not reason:
            self.stack.record(f"{status}_IN_PROGRESS", "Resource creation Initiated", resource, token)
        self.stack.record(f"{status}_COMPLETE", "", resource, token)

    def update(self, resource: Resource, new: dict[str, Any], *, cancellable: bool = True) -> None:
        """Change a resource in place."""
        token = str(uuid.uuid4())
        self.stack.record("UPDATE_IN_PROGRESS", "", resource, token)
        try:
            self._fault(resource, "update")
            adapter = adapters.find(resource.type)
            assert adapter is not None
            made = adapter.update(
                self.context(resource, cancellable=cancellable),
                made_of(resource),
                self.expand(resource, resource.properties),
                self.expand(resource, new),
            )
        except Exception as error:
            if cancellable and not isinstance(error, Untouched):
                # how far it came nobody knows: a rollback starts from what was asked for
                resource.properties = new
            self._failed(resource, "UPDATE_FAILED", error, token)
            raise
        resource.properties = new
        self._take(resource, made)
        self.stack.record("UPDATE_COMPLETE", "", resource, token)

    def delete(self, resource: Resource) -> bool:
        """Remove a resource, or skip it where its policy says so; True if it is dealt with."""
        token = str(uuid.uuid4())
        if resource.deletion_policy == "Snapshot" and resource.physical_id:
            # no type made here can be snapshotted; AWS refuses the policy on them, so nothing is lost silently
            self.stack.record("DELETE_SKIPPED", "", resource, token)
            return True
        if resource.deletion_policy == "Retain" or (
            resource.deletion_policy == "RetainExceptOnCreate" and not resource.fresh
        ):
            self.stack.record("DELETE_SKIPPED", "", resource, token)
            return True
        self.stack.record("DELETE_IN_PROGRESS", "", resource, token)
        try:
            self._fault(resource, "delete")
            adapter = adapters.find(resource.type)
            assert adapter is not None
            if resource.physical_id:
                context = self.context(resource, cancellable=False)
                adapter.delete(context, made_of(resource), self._expand_for_delete(resource))
        except Exception as error:
            self._failed(resource, "DELETE_FAILED", error, token)
            return False
        self.stack.record("DELETE_COMPLETE", "", resource, token)
        return True

    def _expand_for_delete(self, resource: Resource) -> dict[str, Any]:
        try:
            return self.expand(resource, resource.properties)
        except Exception:
            # the secret behind a reference may be gone already; deletion rarely needs it
            return resource.properties

    def _take(self, resource: Resource, made: Made) -> None:
        resource.physical_id, resource.attributes, resource.ref = made.id, made.attributes, made.ref

    def _failed(self, resource: Resource, status: str, error: BaseException, token: str) -> None:
        if isinstance(error, ResourceFailure) and error.physical_id:
            resource.physical_id = error.physical_id
        if self.cancelled.is_set() and isinstance(error, Cancelled):
            what = "update" if status.startswith("UPDATE") else "creation"
            error = Cancelled(what)
        self.stack.record(status, reason_of(error, token), resource, token)

    def _fault(self, resource: Resource, action: str) -> None:
        rule = faults.strike("resource", resource=f"{resource.logical_id}|{resource.type}", action=action)
        if rule is not None:
            raise ResourceFailure(rule.message or "Resource failed by an injected fault")


def _default_policy(_type: str) -> str:
    return "Delete"


def check_properties(name: str, kind: str, properties: dict[str, Any], region: str) -> None:
    """Property validation, with AWS's words."""
    found = schema.problems(kind, properties, region)
    if found:
        raise ResourceFailure(
            f"Properties validation failed for resource {name} with message:\n" + "\n".join(found)
        )


def shown(properties: dict[str, Any]) -> str:
    """Properties as events show them."""
    return json.dumps(properties, default=str)
