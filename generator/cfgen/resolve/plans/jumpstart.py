"""A model of JumpStart's: its files, its licence, and what of its environment follows the instance type."""

from __future__ import annotations

from dataclasses import dataclass

from cfgen.resolve.plans.common import Pairs

UNSET = "-"
"""In the mapping: the variable is left out on this instance type."""


@dataclass(frozen=True, slots=True)
class Varying:
    """An environment variable whose value, or presence, follows the instance type.

    ``column``: its name in the mapping. ``values``: instance type → value, or UNSET. ``sometimes``: some have none.
    """

    name: str
    column: str
    values: Pairs

    @property
    def sometimes(self) -> bool:
        """Whether some instance types go without it."""
        return any(value == UNSET for _, value in self.values)


@dataclass(frozen=True, slots=True)
class JumpStartPlan:
    """Where the files are and under which licence. ``bucket``: its name but for the region's, which ends it.

    ``archive``: one .tar.gz rather than a prefix. ``gated``: read only with the licence accepted. ``eula_url``:
    empty without a licence to accept. ``tags``: instance type → the image's reference, where they differ.
    ``prefix`` begins the logical ids.
    """

    model_id: str
    version: str
    bucket: str
    key: str
    archive: bool
    gated: bool
    eula_url: str
    varying: tuple[Varying, ...]
    tags: Pairs
    prefix: str = ""

    @property
    def types(self) -> tuple[str, ...]:
        """The rows of the mapping: the instance types on offer, where anything follows them."""
        columns = [self.tags] * bool(self.tags) + [one.values for one in self.varying]
        return tuple(name for name, _ in columns[0]) if columns else ()

    def row(self, instance_type: str) -> dict[str, str]:
        """What the mapping says of an instance type."""
        tag = {"ImageTag": dict(self.tags)[instance_type]} if self.tags else {}
        return tag | {one.column: dict(one.values)[instance_type] for one in self.varying}

    def varies(self, name: str) -> Varying | None:
        """How the variable called ``name`` follows the instance type, None when it does not."""
        return next((one for one in self.varying if one.name == name), None)
