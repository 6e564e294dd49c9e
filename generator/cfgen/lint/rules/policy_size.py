"""E9716: policies larger than IAM takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from cfgen.lint.evaluate import Map, mapping, maps
from cfgen.lint.rules._iam import attached
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import ROLE
from cfgen.lint.worlds import Resource

_MANAGED = "AWS::IAM::ManagedPolicy"
_LIMITS = {ROLE: 10_240, _MANAGED: 6_144}
_TOKEN = re.compile(r"⟦([^⟦⟧]*)⟧")
_LEAST = {"AWS::AccountId": 12, "AWS::StackId": 90}
_LEAST_ARN = 25


class PolicySize(Rule):
    """A list of resources that grows with the stack outgrows its policy."""

    id = "E9716"
    shortdesc = "A role's inline policies and a managed policy have the size that IAM takes"
    description = (
        "All inline policies of a role together have at most 10,240 characters, a managed policy has at most "
        "6,144; white space does not count. cfn-lint does not count them, and CreateRole or CreatePolicy "
        "fails. What only AWS knows is counted as short as it can be."
    )
    fix = "name what is alike by a pattern, put statements together, or divide them over managed policies"
    source_url = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
    source_title = "IAM and AWS STS quotas"
    tags = ("resources", "iam", "limits")
    types = (ROLE, _MANAGED)

    def check(self, resource: Resource) -> Hits:
        """The policies of a role that stand in it or are put on it; the document of a managed one."""
        limit, size = _LIMITS[resource.type], sum(map(_size, _documents(resource)))
        if size > limit:
            what = "inline policies have" if resource.type == ROLE else "policy has"
            yield resource.path, f"the {what} at least {size:,} characters; IAM takes {limit:,}"


def _documents(resource: Resource) -> Iterator[Map]:
    if resource.type == _MANAGED:
        yield mapping(resource.properties, "PolicyDocument")
        return
    for policy in maps(resource.properties, "Policies"):
        yield mapping(policy, "PolicyDocument")
    for other in attached(resource.world, resource):
        if other.type != _MANAGED:
            yield mapping(other.properties, "PolicyDocument")


def _size(document: Map) -> int:
    text = "".join(json.dumps(document, ensure_ascii=False, separators=(",", ":")).split())
    return len(_TOKEN.sub(lambda found: "x" * _least(found[1]), text))


def _least(name: str) -> int:
    return _LEAST_ARN if name.lower().endswith(".arn") else _LEAST.get(name, 1)
