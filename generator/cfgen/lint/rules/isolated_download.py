"""E9215: a model in network isolation that is to be fetched from a hub."""

from __future__ import annotations

import re

from cfgen.lint.evaluate import flag, mapping
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import MODEL, containers
from cfgen.lint.worlds import Resource

_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_NAMES = ("HF_MODEL_ID", "SM_VLLM_MODEL", "SM_SGLANG_MODEL_PATH", "OPTION_MODEL_ID")


class IsolatedDownload(Rule):
    """Isolation means no traffic at all."""

    id = "E9215"
    shortdesc = "An isolated model is not fetched from a hub"
    description = (
        "With EnableNetworkIsolation the container has no network: it cannot fetch a model from a hub, "
        "install packages or use a token. The endpoint stays in Creating until the health check gives up. "
        "SageMaker itself still pulls the image and the S3 data."
    )
    fix = "stage the model in S3 (ModelDataSource) and point at /opt/ml/model, or turn isolation off"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/mkt-algo-model-internet-free.html"
    source_title = "Run Training and Inference Containers in Internet-Free Mode"
    tags = ("resources", "sagemaker", "model", "network")
    types = (MODEL,)

    def check(self, resource: Resource) -> Hits:
        """A container that brings data may keep the hub's id for its records."""
        if flag(resource.properties.get("EnableNetworkIsolation")) is not True:
            return
        for container in containers(resource):
            if "ModelDataUrl" in container or "ModelDataSource" in container:
                continue
            environment = mapping(container, "Environment")
            for name in _NAMES:
                value = environment.get(name)
                if isinstance(value, str) and _HUB.fullmatch(value):
                    yield environment.where(name), f"'{value[:60]}' cannot be fetched in network isolation"
