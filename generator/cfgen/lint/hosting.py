"""What the rules must know of instance types, asked of the catalogue. None for a type it does not have."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cfgen.catalogue import Instance


@functools.cache
def instance(name: str) -> Instance | None:
    """The catalogue's entry for an instance type."""
    from cfgen.catalogue import UnknownInstance, load

    try:
        return load().instance(name)
    except UnknownInstance:
        return None


@functools.cache
def hosted_somewhere(region: str) -> bool:
    """Whether any type is priced for hosting in the region."""
    from cfgen.catalogue import load

    return any(region in kind.regions for kind in load().instances.values())


def local_nvme(name: str) -> bool:
    """Whether the type keeps the model on local disks instead of an EBS volume."""
    found = instance(name)
    return found is not None and found.has_local_nvme
