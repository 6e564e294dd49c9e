"""The instance types table: what SageMaker's API lets an endpoint name and some region prices for hosting.

Hosting regions are the Pricing API's, by way of cfn-lint's data; hardware is EC2's, by way of moto's. A type
in only one of the first two lists is kept apart with its reason: the API refuses a name that its model lacks,
and a type without a price cannot be launched.
"""

from __future__ import annotations

from typing import Any

from cfgen.catalogue.refresh_pack import name_region_set
from cfgen.catalogue.refresh_sources import Package, RefreshError

MODEL_FOLDER = "botocore/data/sagemaker/"
HOSTING = "cfnlint/data/schemas/extensions/aws_sagemaker_hosting/instancetype_enum.json"
EC2 = "moto/ec2/resources/instance_types.json.gz"

# What `nvidia-smi` reports of a GPU, in MiB, where EC2's DescribeInstanceTypes says more: with ECC on, the T4
# keeps a sixteenth for itself. The others differ by less than one part in a hundred.
DRIVER_MIB = {"T4": 15360}


def derive_instances(botocore: Package, cfn_lint: Package, moto: Package) -> dict[str, Any]:
    """The content of instances.json, without its sources. Raises RefreshError."""
    try:
        accepted = set(_service_model(botocore)["shapes"]["ProductionVariantInstanceType"]["enum"])
        hosted = hosting_regions(cfn_lint)
        hardware = moto.json(EC2)
        types: dict[str, Any] = {}
        sets: dict[str, list[str]] = {}
        without_hardware: list[str] = []
        for name in sorted(accepted & set(hosted), key=sort_key):
            entry = hardware.get(name.removeprefix("ml."))
            if entry is None:
                without_hardware.append(name)
                continue
            types[name] = _row(entry) | {"in": name_region_set(sets, hosted[name])}
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise RefreshError(
            f"an instance type source has an unknown shape ({type(error).__name__}: {error})",
            hint="A package is laid out differently now: the refresh has to learn the new shape.",
        ) from error
    return {
        "region_sets": dict(sorted(sets.items())),
        "types": types,
        "unpriced": sorted(accepted - set(hosted), key=sort_key),
        "unlisted": sorted(set(hosted) - accepted, key=sort_key),
        "without_hardware": without_hardware,
    }


def hosting_regions(cfn_lint: Package) -> dict[str, set[str]]:
    """Instance type → regions where it has a hosting price."""
    hosted: dict[str, set[str]] = {}
    for region, schema in cfn_lint.json(HOSTING).items():
        if isinstance(schema, dict):  # next to the regions stands a description
            for name in schema["enum"]:
                hosted.setdefault(name, set()).add(region)
    return hosted


def _service_model(botocore: Package) -> Any:
    newest = [name for name in botocore.names(MODEL_FOLDER) if "/service-2.json" in name][-1]
    return botocore.json(newest)


def _row(entry: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "vcpus": entry["VCpuInfo"]["DefaultVCpus"],
        "memory": _gib(entry["MemoryInfo"]["SizeInMiB"]),
        "network": entry["NetworkInfo"]["NetworkPerformance"],
    }
    if gpus := (entry.get("GpuInfo") or {}).get("Gpus"):
        gpu = gpus[0]
        memory = min(gpu["MemoryInfo"]["SizeInMiB"], DRIVER_MIB.get(gpu["Name"], 2**40))
        # a fraction of a GPU counts 0 and is one logical GPU
        row |= {"acc": gpu["Name"], "n": gpu["Count"] or gpu["LogicalGpuCount"], "acc_memory": _gib(memory)}
    if devices := (entry.get("NeuronInfo") or {}).get("NeuronDevices"):
        device = devices[0]
        row |= {
            "acc": device["Name"],
            "n": device["Count"],
            "acc_memory": _gib(device["MemoryInfo"]["SizeInMiB"]),
            "cores": device["Count"] * device["CoreInfo"]["Count"],
        }
    if disks := entry.get("InstanceStorageInfo"):
        row["nvme"] = disks["TotalSizeInGB"]
    if "arm64" in entry["ProcessorInfo"]["SupportedArchitectures"]:
        row["arch"] = "arm64"
    if entry.get("BurstablePerformanceSupported"):
        row["burstable"] = True
    return row


def _gib(mib: int) -> float | int:
    gib = round(mib / 1024, 2)
    return int(gib) if gib == int(gib) else gib


_SIZES = ("nano", "micro", "small", "medium", "large", "xlarge")


def sort_key(name: str) -> tuple[str, int, int, str]:
    """Families by name, sizes by size: ``ml.g5.2xlarge`` before ``ml.g5.12xlarge``."""
    _, _, rest = name.partition(".")
    family, _, size = rest.partition(".")
    digits = size.removesuffix("xlarge")
    if size in _SIZES:
        return family, _SIZES.index(size), 0, size
    return family, len(_SIZES), int(digits) if digits.isdecimal() else 0, size
