"""W9704: amazonaws.com written out."""

from __future__ import annotations

import re

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._texts import written
from cfgen.lint.worlds import World

_SUFFIX = re.compile(r"[\w}-]\.amazonaws\.com")
_PRINCIPAL = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)?\.amazonaws\.com")


class HardCodedSuffix(Rule):
    """Host names end otherwise in China and the isolated partitions."""

    id = "W9704"
    shortdesc = "No domain suffix is written into a host name"
    description = (
        "Registries, buckets and endpoints end in amazonaws.com.cn in China and in other domains in "
        "isolated partitions. Plain service principals (sagemaker.amazonaws.com) are the same everywhere "
        "and are not meant."
    )
    fix = "write ${AWS::URLSuffix} in Sub"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html"
    )
    source_title = "Pseudo parameters reference"
    tags = ("portability", "partition")
    choices = False

    def check_world(self, world: World) -> Hits:
        """Texts as written."""
        for text, path in written(world.template):
            if _SUFFIX.search(text) and not _PRINCIPAL.fullmatch(text):
                yield path, "amazonaws.com is written out"
