"""What is made before what."""

from __future__ import annotations

from cfgen.lint.evaluate import strings, tokens
from cfgen.lint.worlds import Resource, World


def waits_for(world: World, resource: Resource) -> set[str]:
    """Logical ids of all that is made before the resource, by reference or DependsOn, at any distance."""
    seen: set[str] = set()
    queue = [resource]
    while queue:
        current = queue.pop()
        named = {name.split(".")[0] for value, _ in strings(current.properties) for name in tokens(value)}
        for name in (named | current.depends_on) - seen:
            seen.add(name)
            if found := world.resource(name):
                queue.append(found)
    return seen
