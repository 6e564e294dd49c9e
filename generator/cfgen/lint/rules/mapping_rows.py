"""E9714: a look-up in a mapping that has no such row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfgen.lint.dependencies import REGIONAL
from cfgen.lint.evaluate import Path, known, text
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.worlds import World


class MappingRows(Rule):
    """Regions the template is for and its mapping is not."""

    id = "E9714"
    shortdesc = "Every FindInMap finds a row in every region the template is for"
    description = (
        "FindInMap without a DefaultValue fails the stack in a region its mapping has no row for. "
        "cfn-lint is content when any region has one, because a mapping may be meant for fewer regions; "
        "cfgen knows the regions, and that the template's Rules do not refuse them."
    )
    fix = "add the row, refuse the region in Rules, or give a DefaultValue"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-findinmap.html"
    source_title = "Fn::FindInMap"
    tags = ("mappings", "region")
    every_region = True

    def check_world(self, world: World) -> Hits:
        """Only what exists in this world and asks for its region: cfn-lint checks literal keys itself."""
        if not world.template.section("Mappings"):
            return
        for name, raw in world.template.section("Resources").items():
            regional = REGIONAL & world.template.depends.get(str(name), frozenset())
            if regional and isinstance(raw, Mapping) and world.resource(str(name)):
                for path, arguments in _lookups(
                    world, raw.get("Properties"), ("Resources", str(name), "Properties")
                ):
                    yield from _missing(world, path, arguments)


def _missing(world: World, path: Path, arguments: list[Any]) -> Hits:
    keys = [world.evaluate(argument, path) for argument in arguments[:3]]
    if len(arguments) > 3 or len(keys) < 3 or not all(known(key) for key in keys):
        return
    table: Any = world.template.section("Mappings").get(text(keys[0]))
    for key in keys[1:]:
        if not isinstance(table, Mapping) or "Fn::Transform" in table:
            return  # no such mapping is cfn-lint's to say; an included one cannot be read
        if text(key) not in {text(row) for row in table}:
            yield path, f"mapping '{text(keys[0])}' has no '{text(key)}'"
            return
        table = next(value for row, value in table.items() if text(row) == text(key))


def _lookups(world: World, node: Any, path: Path) -> Iterator[tuple[Path, list[Any]]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            where = (*path, key)
            if key == "Fn::FindInMap" and isinstance(value, list):
                yield where, value
            elif (
                key == "Fn::If" and isinstance(value, list) and len(value) == 3 and isinstance(value[0], str)
            ):
                branch = 1 if world.condition(value[0]) else 2
                yield from _lookups(world, value[branch], (*where, branch))
            else:
                yield from _lookups(world, value, where)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _lookups(world, value, (*path, index))
