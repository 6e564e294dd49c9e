"""Services answered by the sandbox itself."""

from __future__ import annotations

from importlib import import_module

_MODULES = (
    "cfgen.sandbox.cfn.api",
    "cfgen.sandbox.cfn.changesets",
    "cfgen.sandbox.cfn.drift",
    "cfgen.sandbox.cfn.inspect",
    "cfgen.sandbox.cfn.operations",
    "cfgen.sandbox.cfn.stacksets",
    "cfgen.sandbox.cfn.views",
    "cfgen.sandbox.services.alarm_rules",
    "cfgen.sandbox.services.api_rules",
    "cfgen.sandbox.services.codebuild_api",
    "cfgen.sandbox.services.eventbus",
    "cfgen.sandbox.services.functions",
    "cfgen.sandbox.services.components",
    "cfgen.sandbox.services.endpoints",
    "cfgen.sandbox.services.hosting",
    "cfgen.sandbox.services.inference",
    "cfgen.sandbox.services.log_keys",
    "cfgen.sandbox.services.quotas",
    "cfgen.sandbox.services.scaling_rules",
    "cfgen.sandbox.services.schedule_rules",
    "cfgen.sandbox.services.servicecatalog",
    "cfgen.sandbox.services.servicecatalog_launch",
    "cfgen.sandbox.services.servicecatalog_paths",
    "cfgen.sandbox.services.servicecatalog_ties",
    "cfgen.sandbox.services.statemachines",
    "cfgen.sandbox.services.topic_rules",
)


def load_all() -> None:
    """Import every module that enters operations into the registry."""
    for name in _MODULES:
        import_module(name)
