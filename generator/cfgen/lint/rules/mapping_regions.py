"""W9713: a mapping by region with a key that is no region."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from cfnlint.helpers import REGIONS

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.worlds import World

_LIKE = re.compile(r"[a-z]{2}(?:-[a-z]+){1,2}-\d")


class MappingRegions(Rule):
    """A misspelt key is a row nobody reads."""

    id = "W9713"
    shortdesc = "A mapping by region has existing regions for keys"
    description = (
        "A mapping whose first keys are regions is read with AWS::Region. A misspelt key is never found: "
        "the stack fails in the region that was meant."
    )
    fix = "correct the key"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/mappings-section-structure.html"
    )
    source_title = "CloudFormation template Mappings syntax"
    tags = ("mappings", "region")
    choices = False

    def check_world(self, world: World) -> Hits:
        """Only mappings with at least one real region."""
        for name, table in world.template.section("Mappings").items():
            keys = [str(key) for key in table] if isinstance(table, Mapping) else []
            if not any(key in REGIONS for key in keys):
                continue
            for key in keys:
                if (
                    key not in REGIONS
                    and _LIKE.fullmatch(key)
                    and "iso" not in key
                    and not key.startswith("eusc-")
                ):
                    near = difflib.get_close_matches(key, REGIONS, 1)
                    guess = f"; did you mean {near[0]}?" if near else ""
                    yield ("Mappings", str(name), key), f"'{key}' is not a region{guess}"
