"""The tables of docs/how-to/updates.md are what a comparison of templates says; no server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfgen import document
from cfgen.deploy import diff, updates
from tests.deploy.conftest import ROOT
from tests.deploy.matrix import DATA, LLM, TEI, Version
from tests.specs import changed

PAGE = ROOT / "docs" / "how-to" / "updates.md"
ENDPOINT = {
    "none": "untouched",
    "no": "moves over, no gap",
    "yes": "**interrupted**",
}
SCALED = changed(TEI, scaling={"max": 3})
NEWER = {"modelId": "BAAI/bge-base-en-v1.5", "revision": "a5beb1e3e68b9ab74eb54cfd186867f64f240e1a"}

SHARED = changed(LLM, endpoint__instanceType="ml.g6e.12xlarge", components=[{"name": "chat"}])
OTHER = changed(SHARED, components=[{"name": "chat", "model": {"revision": "main"}}])

CHANGES: list[tuple[str, Mapping[str, Any], Mapping[str, Any] | Version]] = [
    ("`model`: another model or revision", TEI, changed(TEI, model=TEI["model"] | NEWER)),
    ("`model.container`: another image", changed(TEI, model__container="tei:1.8.0"), TEI),
    ("`model.env`", TEI, changed(TEI, model__env={"A": "1"})),
    (
        "`model.staging: s3`, another model or revision",
        changed(TEI, model__staging="s3"),
        changed(TEI, model=TEI["model"] | NEWER | {"staging": "s3"}),
    ),
    ("`endpoint.instanceType`", TEI, changed(TEI, endpoint__instanceType="ml.m5.xlarge")),
    ("`endpoint.instanceCount`", TEI, changed(TEI, endpoint__instanceCount=2)),
    (
        "`endpoint.routing`",
        TEI,
        changed(TEI, endpoint__routing={"strategy": "LEAST_OUTSTANDING_REQUESTS"}),
    ),
    ("`variants` added", TEI, changed(TEI, variants=[{"name": "a"}, {"name": "b"}])),
    ("`scaling` added or removed", TEI, SCALED),
    ("`scaling`: bounds, target, cooldowns", SCALED, changed(TEI, scaling={"max": 5, "target": 3})),
    (
        "`deployment` added, changed or removed",
        changed(TEI, endpoint__instanceCount=2),
        changed(TEI, endpoint__instanceCount=2, deployment={"strategy": "canary", "size": "50%"}),
    ),
    ("`dataCapture` added", TEI, changed(TEI, dataCapture={"sampling": 10})),
    ("`async`: concurrency", changed(TEI, **{"async": {}}), Version(
        changed(TEI, **{"async": {"maxConcurrentInvocationsPerInstance": 8}})
    )),
    (
        "`serverless`: memory, concurrency",
        changed(DATA, endpoint=..., serverless={"memorySizeInMB": 2048}),
        changed(DATA, endpoint=..., serverless={"memorySizeInMB": 4096}),
    ),
    ("`components`: another model of one", SHARED, OTHER),
    ("`components` added or removed", SHARED, changed(SHARED, components=[{"name": "chat"}, {"name": "code"}])),
    ("`vpc`", DATA, changed(DATA, vpc={"mode": "existing"})),
    ("`security.rolePath`", TEI, changed(TEI, security={"rolePath": "/models/"})),
    ("`logs.retentionDays`", TEI, changed(TEI, logs={"retentionDays": 7})),
    ("`tags`", TEI, changed(TEI, tags={"team": "a"})),
    ("parameter `EndpointName`", TEI, Version(TEI, {"EndpointName": "another"})),
]  # fmt: skip


def effects() -> Iterator[str]:
    """The first table, a line a change."""
    for what, before, after in CHANGES:
        version = after if isinstance(after, Version) else Version(after)
        old = diff.Side(document.load(Version(before).template()), {})
        new = diff.Side(document.load(version.template()), dict(version.parameters))
        found = diff.compare(old, new)
        assert found.refusals == (), what
        assert not found.empty, what
        effect = ENDPOINT[found.interruption]
        if found.interruption == "no" and not any(row.name == "EndpointConfig" for row in found.resources):
            effect = "changed in place, no gap"
        replaced = ", ".join(sorted(f"`{row.name}`" for row in found.resources if row.action == "replace"))
        yield f"| {what} | {effect} | {replaced or '–'} |"


def limits() -> Iterator[str]:
    """The second table, a line a limit."""
    for limit in updates.LIMITS:
        yield f"| {limit.title} | {limit.instead} | [source]({limit.source}) |"


def test_what_each_change_does() -> None:
    text = PAGE.read_text()
    missing = [line for line in effects() if line not in text]
    assert not missing, "docs/how-to/updates.md lacks:\n" + "\n".join(effects())


def test_what_is_refused() -> None:
    text = PAGE.read_text()
    missing = [line for line in limits() if line not in text]
    assert not missing, "docs/how-to/updates.md lacks:\n" + "\n".join(limits())
