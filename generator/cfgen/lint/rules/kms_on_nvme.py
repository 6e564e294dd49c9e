"""W9304: a KMS key for instances whose storage it does not encrypt."""

from __future__ import annotations

from cfgen.lint.hosting import local_nvme
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, instance_types, variants
from cfgen.lint.worlds import Resource


class KmsOnNvme(Rule):
    """Local NVMe is encrypted by the instance's hardware, not by the key."""

    id = "W9304"
    shortdesc = "A KMS key is given only where it encrypts something"
    description = (
        "On instance types with local NVMe storage the endpoint's KmsKeyId does not encrypt that storage; "
        "until April 2026 the documentation said the call fails. The rule looks at the parameters' "
        "defaults only: a key that someone must ask for is a choice."
    )
    fix = "leave KmsKeyId out on these types, or let a parameter ask for it"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html"
    source_title = "CreateEndpointConfig"
    tags = ("resources", "sagemaker", "endpoint-config", "kms", "instance-type")
    types = (CONFIG,)
    choices = False

    def check(self, resource: Resource) -> Hits:
        """One finding for each type."""
        key = resource.properties.get("KmsKeyId")
        if not key:
            return
        path = resource.properties.where("KmsKeyId")
        for variant in variants(resource):
            for kind in instance_types(variant):
                if local_nvme(kind.name):
                    yield path, f"KmsKeyId does not encrypt the local storage of {kind.name}"
