"""Small imitations of the published packages that a refresh reads."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

CONFIG = "sagemaker/core/image_uri_config/"
ACCOUNTS = {"eu-west-1": "111111111111", "us-east-1": "222222222222", "us-west-2": "222222222222"}
REGIONS = ("eu-west-1", "us-east-1", "us-west-2")


def image(tag_prefix: str = "", **fields: Any) -> dict[str, Any]:
    """One version in an image_uri_config file."""
    prefix = {"tag_prefix": tag_prefix} if tag_prefix else {}
    return {"repository": "repo", "registries": dict(ACCOUNTS), **prefix, **fields}


def instance(**fields: Any) -> dict[str, Any]:
    """One type as EC2's DescribeInstanceTypes gives it."""
    return {
        "VCpuInfo": {"DefaultVCpus": 4},
        "MemoryInfo": {"SizeInMiB": 16384},
        "NetworkInfo": {"NetworkPerformance": "Up to 10 Gigabit"},
        "ProcessorInfo": {"SupportedArchitectures": ["x86_64"]},
        "GpuInfo": None,
        "NeuronInfo": None,
        "InstanceStorageInfo": None,
        "BurstablePerformanceSupported": False,
        **fields,
    }


def contents(versions: int = 20) -> dict[str, dict[str, Any]]:
    """Package → file → content. One family has ``versions`` versions, for counting losses."""
    partition = {
        "id": "aws",
        "outputs": {"dnsSuffix": "amazonaws.com"},
        "regions": {name: {"description": name.upper()} for name in (*REGIONS, "aws-global")},
    }
    types = [f"ml.m5.{size}" for size in ("large", "xlarge", "2xlarge", "12xlarge")]
    gpu = {"Count": 1, "LogicalGpuCount": 1, "Name": "T4", "MemoryInfo": {"SizeInMiB": 16384}}
    hosting = [
        "AWS::SageMaker::Model",
        "AWS::SageMaker::EndpointConfig",
        "AWS::SageMaker::Endpoint",
        "AWS::CodeBuild::Project",
    ]
    return {
        "sagemaker_core": {
            f"{CONFIG}many.json": {
                "scope": ["inference"],
                "processors": ["gpu"],
                "version_aliases": {"1": f"1.{versions - 1}", "latest": "1.0"},
                "versions": {f"1.{n}": image(f"1.{n}-cu130") for n in range(versions)},
            },
            f"{CONFIG}trains.json": {"scope": ["training"], "versions": {"1": image()}},
            f"{CONFIG}kernel.json": {"versions": {"1": image()}},
            f"{CONFIG}instance_gpu_info.json": {"us-east-1": {}},
        },
        "botocore": {
            "botocore/data/partitions.json": {"partitions": [partition]},
            "botocore/data/sagemaker/2017-07-24/service-2.json.gz": {
                "shapes": {
                    "ProductionVariantInstanceType": {"enum": [*types, "ml.g4dn.xlarge", "ml.p2.xlarge"]}
                }
            },
        },
        "cfn_lint": {
            "cfnlint/data/schemas/extensions/aws_sagemaker_hosting/instancetype_enum.json": {
                "description": "Automatically updated",
                **{name: {"enum": [*types, "ml.g4dn.xlarge", "ml.t3.medium"]} for name in REGIONS},
            },
            **{
                f"cfnlint/data/schemas/providers/{name}.json": dict.fromkeys(hosting, "hash")
                for name in REGIONS
            },
        },
        "moto": {
            "moto/ec2/resources/instance_types.json.gz": {
                **{name.removeprefix("ml."): instance() for name in types},
                "g4dn.xlarge": instance(GpuInfo={"Gpus": [gpu]}, InstanceStorageInfo={"TotalSizeInGB": 125}),
            }
        },
    }


def changed(base: Mapping[str, Any], package: str, name: str, content: Any) -> dict[str, Any]:
    """A copy with one file replaced, or left out when ``content`` is None."""
    copy = deepcopy(dict(base))
    copy[package].pop(name, None)
    if content is not None:
        copy[package][name] = content
    return copy


def build(folder: Path, packages: Mapping[str, Mapping[str, Any]], version: str = "1.0") -> Path:
    """Write each package as a wheel into ``folder``. The same content gives the same bytes."""
    folder.mkdir(exist_ok=True)
    for package, files in packages.items():
        with zipfile.ZipFile(folder / f"{package}-{version}-py3-none-any.whl", "w") as archive:
            for name, content in files.items():
                archive.writestr(zipfile.ZipInfo(name), encoded(name, content))
    return folder


def build_sdist(folder: Path, package: str, files: Mapping[str, Any], version: str = "1.0") -> None:
    """Write one package as an sdist: a tarball with a folder on top."""
    with tarfile.open(folder / f"{package}-{version}.tar.gz", "w:gz") as archive:
        for name, content in files.items():
            data = encoded(name, content)
            member = tarfile.TarInfo(f"{package}-{version}/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def encoded(name: str, content: Any) -> bytes:
    """JSON (or bytes as they are), compressed when the name says so."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return gzip.compress(data, mtime=0) if name.endswith(".gz") else data
