"""Which stacks are of cfgen's making: those whose template carries the ``Metadata: cfgen`` mark."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cfgen.deploy.session import Aws, aws_errors, code_of, pages

_AT_ONCE = 4


def stacks(aws: Aws) -> list[dict[str, Any]]:
    """The region's living stacks of cfgen, by name."""
    client = aws.client("cloudformation")
    with aws_errors(f"list the stacks in {aws.region}"):
        found = [
            one
            for one in pages(client.describe_stacks, "Stacks")
            if one["StackStatus"] != "REVIEW_IN_PROGRESS"
        ]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            marks = list(pool.map(lambda one: _mark(client, one["StackId"]), found))
    return sorted(
        (_row(aws.region, one, mark) for one, mark in zip(found, marks, strict=True) if mark is not None),
        key=lambda row: str(row["stack"]),
    )


def _mark(client: Any, stack_id: str) -> dict[str, Any] | None:
    try:
        text = client.get_template_summary(StackName=stack_id).get("Metadata") or "{}"
    except Exception as error:
        if code_of(error) in {"ValidationError", "StackNotFoundException"}:
            return None  # deleted meanwhile
        raise
    try:
        mark = json.loads(text).get("cfgen")
    except (ValueError, AttributeError):
        return None
    return mark if isinstance(mark, dict) else None


def _row(region: str, raw: dict[str, Any], mark: dict[str, Any]) -> dict[str, Any]:
    outputs = {one["OutputKey"]: one.get("OutputValue", "") for one in raw.get("Outputs", ())}
    changed = raw.get("LastUpdatedTime") or raw["CreationTime"]
    return {
        "stack": raw["StackName"],
        "region": region,
        "status": raw["StackStatus"],
        "spec": mark.get("Spec", ""),
        "version": mark.get("Version", ""),
        "endpoint": outputs.get("EndpointName", ""),
        "changed": changed.isoformat(timespec="seconds"),
    }
