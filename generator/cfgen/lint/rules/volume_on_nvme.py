"""E9305: a volume size for instances that take none."""

from __future__ import annotations

from cfgen.lint.hosting import local_nvme
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, instance_types, variants
from cfgen.lint.worlds import Resource


class VolumeOnNvme(Rule):
    """Types with local storage get no EBS volume."""

    id = "E9305"
    shortdesc = "No VolumeSizeInGB on instance types with local storage"
    description = (
        "Instance types with local NVMe storage use it in place of an EBS volume; CreateEndpointConfig "
        "refuses VolumeSizeInGB for them (AWS's own Python SDK drops it there)."
    )
    fix = "leave VolumeSizeInGB out"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/host-instance-storage.html"
    source_title = "Instance storage volumes"
    tags = ("resources", "sagemaker", "endpoint-config", "instance-type")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """Range 1 to 512 is the schema's to check."""
        for variant in variants(resource):
            for kind in instance_types(variant) if "VolumeSizeInGB" in variant else ():
                if local_nvme(kind.name):
                    yield (
                        variant.where("VolumeSizeInGB"),
                        f"{kind.name} has local storage and takes no volume size",
                    )
