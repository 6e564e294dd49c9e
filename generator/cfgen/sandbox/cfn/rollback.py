"""The way back from a failed update: old properties restored, replacements undone, new resources removed."""

from __future__ import annotations

import copy
import threading
from typing import TYPE_CHECKING

from cfgen.sandbox.cfn.walk import walk
from cfgen.sandbox.cfn.worker import Worker

if TYPE_CHECKING:
    from cfgen.sandbox.cfn.state import Resource, Stack


class Rollback:
    """The stack as it was before an update, and what the update has done to it so far."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.prepared = stack.prepared
        self.parameters = stack.parameters
        self.tags = dict(stack.tags)
        self.outputs = list(stack.outputs)
        self.resources = {name: copy.copy(resource) for name, resource in stack.resources.items()}
        self._touched: set[str] = set()
        self._replaced: dict[str, Resource] = {}
        self._lock = threading.Lock()

    def touched(self, name: str) -> None:
        """A resource is about to be changed in place."""
        with self._lock:
            self._touched.add(name)

    def spared(self, name: str) -> None:
        """A change was refused before it began."""
        with self._lock:
            self._touched.discard(name)

    def replaced(self, old: Resource) -> None:
        """A resource is about to be replaced: the old one is cleaned up if all goes well."""
        with self._lock:
            self._replaced[old.logical_id] = old
            leftover = copy.copy(old)
            leftover.deletion_policy = old.replace_policy
            self.stack.leftovers.append(leftover)

    def superseded(self, old: Resource) -> None:
        """An update in place gave a new physical id: the old one is cleaned up if all goes well."""
        with self._lock:
            leftover = copy.copy(old)
            leftover.deletion_policy = old.replace_policy
            self.stack.leftovers.append(leftover)

    def run(self, reason: str) -> None:
        """Go back."""
        stack = self.stack
        stack.record("UPDATE_ROLLBACK_IN_PROGRESS", reason)
        # nothing of the old stack is cleaned up any more; what the update made is
        stack.leftovers = []
        made: list[Resource] = []
        for name, resource in list(stack.resources.items()):
            if name not in self.resources:
                made.append(resource)
                del stack.resources[name]
            elif name in self._replaced:
                if resource.physical_id and resource is not self._replaced[name]:
                    made.append(resource)
                stack.resources[name] = self._replaced[name]
        stack.prepared, stack.parameters, stack.tags = self.prepared, self.parameters, dict(self.tags)
        stack.outputs = list(self.outputs)
        failed = self._restore(made)
        if failed:
            stack.leftovers = made
            stack.operation.unfinished = self
            stack.record(
                "UPDATE_ROLLBACK_FAILED",
                f"The following resource(s) failed to update: [{', '.join(failed)}]. ",
            )
            return
        self.clean_up(made)

    def retry(self, skip: list[str]) -> None:
        """ContinueUpdateRollback."""
        stack = self.stack
        made, stack.leftovers = stack.leftovers, []
        for name in skip:
            self._touched.discard(name)
            if name in stack.resources:
                stack.record("UPDATE_COMPLETE", "", stack.resources[name])
        failed = self._restore(made)
        if failed:
            stack.leftovers = made
            stack.operation.unfinished = self
            stack.record(
                "UPDATE_ROLLBACK_FAILED",
                f"The following resource(s) failed to update: [{', '.join(failed)}]. ",
            )
            return
        self.clean_up(made)

    def _restore(self, made: list[Resource]) -> list[str]:
        stack = self.stack
        worker = Worker(stack, self.prepared, threading.Event())
        names = set(self._touched) | set(self._replaced)
        graph = {name: self.resources[name].depends & names for name in names if name in stack.resources}

        def one(name: str) -> None:
            resource = stack.resources[name]
            before = self.resources[name]
            if name in self._replaced:
                resource.status = before.status
                stack.record("UPDATE_COMPLETE", "", resource)
                return
            new_id = resource.physical_id
            current = copy.copy(resource)
            worker.update(resource, before.properties, cancellable=False)
            resource.deletion_policy, resource.replace_policy = before.deletion_policy, before.replace_policy
            resource.metadata, resource.depends = before.metadata, before.depends
            if new_id != resource.physical_id:
                made.append(current)

        _, failed = walk(graph, one, threading.Event())
        done = names - set(failed)
        self._touched -= done
        return failed

    def clean_up(self, made: list[Resource]) -> None:
        """Remove what the failed update made."""
        from cfgen.sandbox.cfn.engine import cleanup_leftovers

        stack = self.stack
        stack.record("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        for resource in made:
            # a resource made by the failed update is removed whatever its policy, unless it says Retain
            resource.fresh = True
        cleanup_leftovers(stack, made)
        for resource in stack.resources.values():
            if resource.status == "UPDATE_FAILED":
                resource.status = "UPDATE_COMPLETE"
        stack.record("UPDATE_ROLLBACK_COMPLETE")
