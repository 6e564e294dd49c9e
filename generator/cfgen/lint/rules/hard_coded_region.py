"""W9701: a region written out."""

from __future__ import annotations

import re

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._texts import written
from cfgen.lint.worlds import World

_REGION = re.compile(
    r"(?<![A-Za-z0-9])((?:us-gov|us-iso|us-isob|us|eu|ap|sa|ca|af|me|mx|il|cn)-"
    r"(?:north|south|east|west|central|northeast|northwest|southeast|southwest)-\d)(?=[a-f]?\b)"
)


class HardCodedRegion(Rule):
    """Resources and outputs; mappings are the place for regions."""

    id = "W9701"
    shortdesc = "No region is written into a resource"
    description = (
        "A region written into a resource or an output ties the template to it: in any other region the "
        "value is wrong. cfn-lint knows this for ARNs in Sub only, and only when asked (I3042)."
    )
    fix = "use AWS::Region; keep what differs by region in a mapping"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html"
    )
    source_title = "Pseudo parameters reference"
    tags = ("portability", "region")
    choices = False

    def check_world(self, world: World) -> Hits:
        """Texts as written."""
        for text, path in written(world.template):
            if found := _REGION.search(text):
                yield path, f"region {found[1]} is written out"
