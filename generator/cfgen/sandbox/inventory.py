"""Everything there is in the sandbox, of whatever service: to see what a stack made, and that nothing of it is left.

Looks into the memory of moto and of the sandbox's own services rather than at their lists: what no API lists, or
nobody thought of listing, is found as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.base_backend import BaseBackend as Backend
from moto.ec2.models.network_acls import NetworkAcl

from cfgen.sandbox.services import codebuild_api, hosting, statemachines

# what happened rather than what there is (builds, executions, logs), the keys of processes, what AWS itself brings
_NOT = ("/builds/", "/numbers/", "/executions/", "/streams/", "/access_keys/", ":iam::aws:policy/", "/amis/")
_ALWAYS = ("event_buses/default", "schedule_groups/default")


def inventory() -> list[str]:
    """One line a thing: service, region, kind and name, sorted."""
    found = set()
    known: Any = BackendDict
    for backends in list(known._instances):
        for account in list(backends.values()):
            for region, backend in list(account.items()):
                found |= {f"{backends.service_name} {region} /{path}" for path in _of(backend)}
    own = {"sagemaker": hosting, "codebuild": codebuild_api, "states": statemachines}
    for service, module in own.items():
        for region, memory in list(module._regions.items()):
            kinds = {kind: value for kind, value in vars(memory).items() if isinstance(value, dict)}
            found |= {
                f"{service} {region} /{kind}/{key}" for kind, value in kinds.items() for key in list(value)
            }
    return sorted(
        line for line in found if not (line.endswith(_ALWAYS) or any(part in line for part in _NOT))
    )


def _of(memory: Any) -> Iterator[str]:
    """The things that one service of moto's remembers in one region."""
    for name, value in list(vars(memory).items()):
        # some keep their things in an object of its own (Lambda's storage)
        yield from _within(value, name) if _is_model(value) else _things(value, name)


def _is_model(value: Any) -> bool:
    return type(value).__module__.startswith("moto.") and not isinstance(value, Backend)


def _things(value: Any, path: str, depth: int = 4) -> Iterator[str]:
    """Things in mappings, and in mappings of these: buckets have keys, an event bus has rules."""
    if isinstance(value, dict) and depth:
        for key, item in list(value.items()):
            yield from _things(item, f"{path}/{key}", depth - 1)
    elif _is_model(value) and not _gone(value):
        yield path
        if depth:
            yield from _within(value, path, depth - 1)


def _gone(value: Any) -> bool:
    """Whether moto still knows a thing that is deleted: an endpoint, a gateway, a key, the default ACL of a network."""
    state = str(getattr(value, "key_state", "") or getattr(value, "state", "")).lower()
    acl = isinstance(value, NetworkAcl) and str(value.default).lower() == "true"
    return acl or state in ("deleted", "deleting", "pendingdeletion")


def _within(value: Any, path: str, depth: int = 3) -> Iterator[str]:
    for name, item in list(getattr(value, "__dict__", {}).items()):
        if isinstance(item, dict):
            yield from _things(item, f"{path}/{name.strip('_')}", depth)
