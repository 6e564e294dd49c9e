"""Adapters: how each resource type is made, changed and removed through the APIs behind the port.

One file a service. A type without an adapter is refused by name, never ignored.
"""

from __future__ import annotations

from importlib import import_module

from cfgen.sandbox.adapters.base import REGISTRY, Adapter

_MODULES = (
    "apigateway",
    "budgets",
    "cloudformation",
    "cloudwatch",
    "codebuild",
    "ec2_gateways",
    "ec2_network",
    "ec2_security",
    "events",
    "iam",
    "kms",
    "lambda_",
    "logs",
    "nested",
    "s3",
    "sagemaker",
    "scaling",
    "secrets",
    "servicecatalog",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
)
_loaded = False


def load_all() -> dict[str, Adapter]:
    """All adapters by type name."""
    global _loaded
    if not _loaded:
        for name in _MODULES:
            import_module(f"cfgen.sandbox.adapters.{name}")
        _loaded = True
    return REGISTRY


def find(type_name: str) -> Adapter | None:
    """The adapter of a type, or None."""
    if type_name.startswith("Custom::"):
        type_name = "AWS::CloudFormation::CustomResource"
    return load_all().get(type_name)
