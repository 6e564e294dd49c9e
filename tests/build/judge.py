"""What is asked of every fault: an end in time, a reason that says why, and nothing left that should not be."""

from __future__ import annotations

from collections.abc import Callable

from tests.build.world import End, World

Row = Callable[..., None]
ROLLED_BACK, CREATED = "ROLLBACK_COMPLETE", "CREATE_COMPLETE"
SECONDS = 45
"""No fault takes longer than this on a busy machine, where an undisturbed stack takes 4 to 8."""


def failed(world: World, row: Row, fault: str, end: End, *words: str) -> None:
    """A create that failed: rolled back, in time, with a reason that says why, and nothing is left."""
    assert end.status == ROLLED_BACK, end
    assert end.seconds < SECONDS
    assert [one for one in words if one not in end.reason] == [], end
    row(fault, end, world.nothing_left())


def succeeded(world: World, row: Row, fault: str, end: End) -> None:
    """A create that got over its fault: the artifact is whole and served, and goes with the stack."""
    assert end.status == CREATED, end
    assert end.seconds < SECONDS
    assert world.objects() == artifact(world)
    assert world.ask({"inputs": "x"}) == {"inputs": "x"}
    gone = world.delete()
    assert gone.status == "DELETE_COMPLETE", gone
    world.nothing_left()
    row(fault, end, "the stack, whole")


def artifact(world: World) -> list[str]:
    prefix = world.prefix()
    names = ("README.md", "code/inference.py", "config.json", "model.safetensors")
    return sorted([f"{prefix.rstrip('/')}.json", *(f"{prefix}{one}" for one in names)])
