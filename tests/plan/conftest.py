"""Plans of specs and of small templates, and AWS on loopback."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cfgen import document, pipeline
from cfgen.catalogue import load
from cfgen.plan import Plan, make
from cfgen.render import render
from cfgen.spec import load_spec
from tests.conftest import ROOT
from tests.plan.aws import Aws, Server
from tests.specs import spec_of

CATALOGUE = load()


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials, no configuration, no region, nothing answering."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("CFGEN_PRICE_LIST", "http://127.0.0.1:9")
    monkeypatch.setenv("CFGEN_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def aws(no_aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """Credentials, and an AWS that answers from a table."""
    application = Aws()
    with Server(application) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        # throttled calls are tried again at once
        monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
        yield application


Planner = Callable[..., Plan]


@pytest.fixture
def plan_of() -> Planner:
    """The plan of a spec: a file of specs/ by name, or data."""

    def plan(given: str | dict[str, Any], *regions: str, **more: Any) -> Plan:
        spec = load_spec(ROOT / "specs" / f"{given}.yaml") if isinstance(given, str) else spec_of(given)
        stack = pipeline.plan(spec, CATALOGUE)
        template = render(stack)
        data = document.load(template.text)
        return make(template, data, regions or ("us-east-1",), CATALOGUE, spec=spec, stack=stack, **more)

    return plan
