"""Where a stack's intrinsic functions find what they name."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from cfgen.sandbox.cfn.errors import TemplateError, ValidationError
from cfgen.sandbox.cfn.intrinsics import NO_VALUE, evaluate
from cfgen.sandbox.cfn.parameters import Parameter
from cfgen.sandbox.cfn.state import store
from cfgen.sandbox.clients import client
from cfgen.sandbox.wire import ACCOUNT, partition_of, url_suffix

Lookup = Callable[[str, str | None], Any]


@lru_cache(maxsize=64)
def zones_of(region: str) -> tuple[str, ...]:
    """A region's availability zones, in order."""
    found = client("ec2", region).describe_availability_zones()["AvailabilityZones"]
    names = tuple(sorted(zone["ZoneName"] for zone in found if zone.get("State", "available") == "available"))
    return names or tuple(f"{region}{letter}" for letter in "abc")


class StackScope:
    """The names of one stack: pseudo parameters, parameters, mappings, conditions, and (by lookup) resources."""

    def __init__(
        self,
        template: dict[str, Any],
        parameters: dict[str, Parameter],
        *,
        region: str,
        stack_name: str,
        stack_id: str,
        notification_arns: list[str],
        lookup: Lookup | None = None,
    ) -> None:
        self.template = template
        self.mappings: dict[str, Any] = template.get("Mappings") or {}
        self.region = region
        self.parameters = parameters
        self.lookup = lookup
        self.imports: set[str] = set()
        self._truth: dict[str, bool] = {}
        self._pseudo: dict[str, Any] = {
            "AWS::AccountId": ACCOUNT,
            "AWS::NoValue": NO_VALUE,
            "AWS::NotificationARNs": notification_arns,
            "AWS::Partition": partition_of(region),
            "AWS::Region": region,
            "AWS::StackId": stack_id,
            "AWS::StackName": stack_name,
            "AWS::URLSuffix": url_suffix(region),
        }

    def ref(self, name: str) -> Any:
        """The value of ``Ref``."""
        if name in self._pseudo:
            return self._pseudo[name]
        if name in self.parameters:
            return self.parameters[name].resolved
        if self.lookup is None:
            raise TemplateError(f"Template format error: Unresolved dependencies [{name}]")
        return self.lookup(name, None)

    def get_att(self, name: str, attribute: str) -> Any:
        """The value of ``Fn::GetAtt``."""
        if self.lookup is None:
            raise TemplateError(
                f"Template error: instance of Fn::GetAtt references undefined resource {name}"
            )
        return self.lookup(name, attribute)

    def condition(self, name: str) -> bool:
        """The truth of a named condition."""
        if name not in self._truth:
            conditions = self.template.get("Conditions") or {}
            if name not in conditions:
                raise TemplateError(f"Template error: unresolved condition dependency {name} in Fn::If")
            self._truth[name] = evaluate(conditions[name], self)
        return self._truth[name]

    def conditions(self) -> dict[str, bool]:
        """The truth of all conditions."""
        return {name: self.condition(name) for name in self.template.get("Conditions") or {}}

    def import_value(self, name: str) -> Any:
        """The value another stack exports."""
        found = store.exports(self.region).get(name)
        if found is None:
            raise ValidationError(f"No export named {name} found.")
        self.imports.add(name)
        return found[1]

    def zones(self, region: str) -> list[str]:
        """The zones of ``Fn::GetAZs``."""
        return list(zones_of(region))

    def dynamic(self, text: str) -> Any:
        """Dynamic references stay text until the resource is made."""
        return text
