"""Stack operations: create, update and delete with their rollbacks, each in a thread of its own."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import Any

from cfgen.sandbox.cfn import schema
from cfgen.sandbox.cfn.errors import Untouched
from cfgen.sandbox.cfn.notifications import notify
from cfgen.sandbox.cfn.plan import Plan
from cfgen.sandbox.cfn.prepare import Prepared
from cfgen.sandbox.cfn.rollback import Rollback
from cfgen.sandbox.cfn.state import Resource, Stack, now, store
from cfgen.sandbox.cfn.values import outputs_of
from cfgen.sandbox.cfn.walk import reverse, walk
from cfgen.sandbox.cfn.worker import Worker, reason_of


class Operation:
    """One operation on one stack."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.stop = threading.Event()
        self.done = threading.Event()
        self.stop_reason = ""
        # a deletion has taken over: the stack's status is no longer this operation's to set
        self.superseded = False
        # a rollback that could not be finished, for ContinueUpdateRollback
        self.unfinished: Rollback | None = None
        stack.operation = self

    def start(self, work: Callable[[], None]) -> Operation:
        """Run the operation in the background."""

        def run() -> None:
            try:
                work()
            except Exception as error:
                status = self.stack.status.replace("_IN_PROGRESS", "_FAILED").replace("_CLEANUP", "")
                self._record(status, reason_of(error, ""))
                raise
            finally:
                self.done.set()
                notify(self.stack)

        threading.Thread(target=run, name=f"stack-{self.stack.name}", daemon=True).start()
        return self

    def cancel(self, reason: str) -> None:
        """Give up; what runs is stopped where it can be."""
        self.stop_reason = reason
        self.stop.set()

    def supersede(self, reason: str) -> None:
        """Give up, and leave the stack to the operation that follows."""
        with self.stack.lock:
            self.superseded = True
            self.cancel(reason)

    def _record(self, status: str, reason: str = "") -> None:
        """Set the stack's status, unless another operation has taken over."""
        with self.stack.lock:
            if not self.superseded:
                self.stack.record(status, reason)

    # create ---------------------------------------------------------------------------------------------

    def create(self, prepared: Prepared) -> None:
        """Make every resource; roll back if one cannot be made."""
        stack = self.stack
        stack.prepared, stack.parameters, stack.tags = prepared, prepared.parameters, dict(prepared.tags)
        timer = self._timer()
        worker = Worker(stack, prepared, self.stop)
        failed = self._refused_beforehand(stack, prepared, worker)
        if not failed:
            _, failed = walk(prepared.graph, lambda name: self._create_one(worker, name), self.stop)
        if timer:
            timer.cancel()
        prepared.imports |= worker.imports
        reason = self.stop_reason
        if failed and not reason:
            named = ", ".join(name for name in failed if "cancelled" not in stack.resources[name].reason)
            reason = f"The following resource(s) failed to create: [{named or ', '.join(failed)}]. "
        if not failed and not self.stop_reason:
            error = self._finish_outputs(prepared)
            if error is None:
                self._settle()
                self._record("CREATE_COMPLETE")
                return
            reason = error
        self._create_failed(reason)

    def _create_failed(self, reason: str) -> None:
        stack = self.stack
        if self.superseded:
            return
        if stack.disable_rollback or stack.on_failure == "DO_NOTHING":
            self._settle(failed_too=False)
            self._record("CREATE_FAILED", reason)
            return
        word = "Delete" if stack.on_failure == "DELETE" else "Rollback"
        first = "DELETE_IN_PROGRESS" if stack.on_failure == "DELETE" else "ROLLBACK_IN_PROGRESS"
        self._record(first, f"{reason}{word} requested by user.")
        worker = Worker(stack, None, threading.Event())
        failed = delete_resources(worker, stack.resources)
        final = "DELETE" if stack.on_failure == "DELETE" else "ROLLBACK"
        if failed:
            self._record(
                f"{final}_FAILED", f"The following resource(s) failed to delete: [{', '.join(failed)}]. "
            )
        else:
            if final == "DELETE":
                stack.deleted = now()
            self._record(f"{final}_COMPLETE")

    def _create_one(self, worker: Worker, name: str) -> None:
        resource = worker.new_resource(name)
        self.stack.resources[name] = resource
        worker.create(resource)

    def _refused_beforehand(self, stack: Stack, prepared: Prepared, worker: Worker) -> list[str]:
        """Resources whose properties can be seen to be wrong fail first, before anything is made."""
        problems = Plan(stack, prepared).problems
        for name, found in problems.items():
            resource = stack.resources.get(name) or worker.new_resource(name)
            stack.resources.setdefault(name, resource)
            verb = "CREATE" if not resource.physical_id else "UPDATE"
            stack.record(f"{verb}_IN_PROGRESS", "", resource)
            message = f"Properties validation failed for resource {name} with message:\n" + "\n".join(found)
            stack.record(f"{verb}_FAILED", message, resource)
        return list(problems)

    def _finish_outputs(self, prepared: Prepared) -> str | None:
        """Compute outputs; the reason if that fails."""
        try:
            outputs, imports = outputs_of(self.stack, prepared)
        except Exception as error:
            return f"{reason_of(error, '')} "
        prepared.imports |= imports
        with store.lock:
            # looked for and taken in one step: two stacks that end at once cannot both have a name
            problem = self._exports_problem(outputs)
            if problem is None:
                self.stack.outputs = outputs
        return problem

    def _exports_problem(self, outputs: list[dict[str, Any]]) -> str | None:
        taken = store.exports(self.stack.region)
        for output in outputs:
            name = output.get("ExportName")
            if name and name in taken and taken[name][0] is not self.stack:
                return f"Export with name {name} is already exported by stack {taken[name][0].name}. "
        for old in self.stack.outputs:
            name = old.get("ExportName")
            value = next((o["OutputValue"] for o in outputs if o.get("ExportName") == name), None)
            if name and value != old["OutputValue"] and (users := store.importers(name, self.stack.region)):
                what = "updated" if value is not None else "deleted"
                return f"Export {name} cannot be {what} as it is in use by {', '.join(users)} "
        return None

    def _settle(self, *, failed_too: bool = True) -> None:
        for resource in self.stack.resources.values():
            if failed_too or resource.status.endswith("_COMPLETE"):
                resource.fresh = False

    def _timer(self) -> threading.Timer | None:
        if not self.stack.timeout_minutes:
            return None
        timer = threading.Timer(
            self.stack.timeout_minutes * 60,
            self.cancel,
            ["Stack creation time exceeded the specified timeout. "],
        )
        timer.daemon = True
        timer.start()
        return timer

    # update ---------------------------------------------------------------------------------------------

    def update(self, prepared: Prepared) -> None:
        """Bring the stack to a new template; roll back if a resource fails."""
        stack = self.stack
        before = Rollback(stack)
        worker = Worker(stack, prepared, self.stop)
        stack.parameters, stack.tags = prepared.parameters, dict(prepared.tags)
        failed = self._refused_beforehand(stack, prepared, worker)
        if not failed:
            _, failed = walk(prepared.graph, lambda name: self._update_one(worker, before, name), self.stop)
        prepared.imports |= worker.imports
        reason = self.stop_reason
        if failed and not reason:
            created = [n for n in failed if n not in before.resources]
            updated = [
                n for n in failed if n in before.resources and "cancelled" not in stack.resources[n].reason
            ]
            parts = (
                [f"The following resource(s) failed to create: [{', '.join(created)}]. "] if created else []
            )
            parts += (
                [f"The following resource(s) failed to update: [{', '.join(updated)}]. "] if updated else []
            )
            reason = "".join(parts) or f"The following resource(s) failed to update: [{', '.join(failed)}]. "
        if not failed and not self.stop_reason:
            error = self._finish_outputs(prepared)
            if error is None:
                self._update_done(prepared)
                return
            reason = error
        if stack.disable_rollback:
            stack.record("UPDATE_FAILED", reason)
            return
        before.run(reason)

    def _update_one(self, worker: Worker, before: Rollback, name: str) -> None:
        stack = self.stack
        resource = stack.resources.get(name)
        fresh = worker.new_resource(name)
        if resource is None or not resource.physical_id:
            stack.resources[name] = fresh
            worker.create(fresh)
            return
        try:
            new = worker.properties(name)
        except Exception as error:
            stack.record("UPDATE_IN_PROGRESS", "", resource)
            stack.record("UPDATE_FAILED", reason_of(error, ""), resource)
            raise
        resource.depends = fresh.depends
        if new == resource.properties and resource.status != "UPDATE_FAILED":
            _take_policies(resource, fresh)
            return
        if must_replace(resource, new, stack.region):
            self._replace(worker, before, resource, fresh)
            return
        before.touched(name)
        old_id = resource.physical_id
        old_record = copy.copy(resource)
        try:
            worker.update(resource, new)
        except Untouched:
            before.spared(name)
            raise
        _take_policies(resource, fresh)
        if resource.physical_id != old_id:
            # a custom resource that answered with another physical id: the old one is cleaned up
            before.superseded(old_record)

    def _replace(self, worker: Worker, before: Rollback, old: Resource, fresh: Resource) -> None:
        before.replaced(old)
        self.stack.resources[old.logical_id] = fresh
        self.stack.record(
            "UPDATE_IN_PROGRESS",
            "Requested update requires the creation of a new physical resource; hence creating one.",
            old,
        )
        worker.create(fresh, status="UPDATE", reason="Resource creation Initiated")

    def _update_done(self, prepared: Prepared) -> None:
        stack = self.stack
        removed = {name: r for name, r in stack.resources.items() if name not in prepared.graph}
        stack.prepared = prepared
        stack.updated = now()
        stack.record("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        for name in removed:
            del stack.resources[name]
        cleanup_leftovers(stack, list(removed.values()))
        self._settle()
        stack.record("UPDATE_COMPLETE")

    # delete ---------------------------------------------------------------------------------------------

    def delete(self, retain: list[str], earlier: Any = None) -> None:
        """Remove every resource, in reverse order."""
        stack = self.stack
        if earlier is not None:
            earlier.done.wait(3900)
        worker = Worker(stack, None, threading.Event())
        for name in retain:
            if name in stack.resources:
                stack.resources[name].deletion_policy = "Retain"
        failed = delete_resources(worker, stack.resources)
        if stack.leftovers:
            cleanup_leftovers(stack, [])
        if failed:
            stack.record(
                "DELETE_FAILED", f"The following resource(s) failed to delete: [{', '.join(failed)}]. "
            )
        else:
            stack.deleted = now()
            stack.record("DELETE_COMPLETE")


def must_replace(resource: Resource, new: dict[str, Any], region: str) -> bool:
    """Whether new properties ask for a new physical resource."""
    from cfgen.sandbox import adapters

    adapter = adapters.find(resource.type)
    assert adapter is not None
    # a change set shows another service token as a replacement; the update is refused (``CustomResource.update``)
    custom = schema.normal(resource.type) == schema.CUSTOM
    needed = not custom and schema.needs_replacement(resource.type, resource.properties, new, region)
    return needed or adapter.replaces(resource.properties, new)


def _take_policies(resource: Resource, fresh: Resource) -> None:
    resource.deletion_policy, resource.replace_policy = fresh.deletion_policy, fresh.replace_policy
    resource.metadata = fresh.metadata


def delete_resources(worker: Worker, resources: dict[str, Resource]) -> list[str]:
    """Delete resources in reverse order of their dependencies; those deleted are forgotten. Returns the failed."""
    graph = {name: resource.depends & resources.keys() for name, resource in resources.items()}
    failed: list[str] = []

    def one(name: str) -> None:
        resource = resources[name]
        if resource.status in ("DELETE_COMPLETE", "DELETE_SKIPPED") or worker.delete(resource):
            return
        failed.append(name)
        raise RuntimeError(name)

    # what failed blocks only what it needs, so the walk goes on until nothing more can be done
    pending = reverse(graph)
    while pending:
        done, bad = walk(pending, one, threading.Event())
        for name in done:
            pending.pop(name, None)
        for name in bad:
            pending.pop(name, None)
        blocked = {name for name, needs in pending.items() if needs & set(failed)}
        rest = {name: needs - set(done) for name, needs in pending.items() if name not in blocked}
        while True:
            more = {name for name, needs in rest.items() if needs & blocked}
            if not more:
                break
            blocked |= more
            for name in more:
                del rest[name]
        if not done and not bad:
            break
        pending = rest
    return failed


def cleanup_leftovers(stack: Stack, removed: list[Resource]) -> None:
    """Delete replaced and removed resources after an update; a failure is an event, not a failed update."""
    worker = Worker(stack, None, threading.Event())
    things = {f"{index}": resource for index, resource in enumerate([*removed, *stack.leftovers])}
    by_logical: dict[str, set[str]] = {}
    for key, resource in things.items():
        by_logical.setdefault(resource.logical_id, set()).add(key)
    graph = {
        key: {other for need in resource.depends for other in by_logical.get(need, ()) if other != key}
        for key, resource in things.items()
    }
    stack.leftovers = []

    def one(key: str) -> None:
        worker.delete(things[key])

    walk(reverse(graph), one, threading.Event())
