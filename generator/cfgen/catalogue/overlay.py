"""A user's overlay: a YAML file whose entries are added to the catalogue or override it, so that a new
image needs no release. Named by ``--catalog FILE``; ``cfgen.yaml`` in the working folder is taken when none
is named.

The format, with every field::

    images:
      vllm:                              # a family, by any of its names, or a new one
        0.31.0:                          # a version; an existing one is overridden field by field
          like: 0.30.0                   # take what is not given from this version, or family:version
          tags:                          # gpu, cpu, neuron → tag
            gpu: 0.31.0-gpu-py312-cu130-ubuntu24.04-sagemaker
          repository: vllm
          accounts: {eu-south-3: "763104351884"}   # registry account by region
          regions: [us-east-1, eu-west-1]          # only these; their accounts are like's
          addRegions: [eu-west-2]                  # these too
          aliases: ["0.31"]
          cuda: "13.0"                   # read from the gpu tag when that has it
          architecture: arm64            # x86_64 when not given
          base: pytorch2.6.0             # framework underneath, for families that have several
    instances:
      ml.g9.2xlarge:
        like: ml.g6.2xlarge              # take what is not given from this type
        vcpus: 8
        memoryGiB: 32
        network: Up to 10 Gigabit
        accelerator: L4
        accelerators: 1
        acceleratorMemoryGiB: 22.35      # each
        neuronCores: 0
        nvmeGB: 450                      # local disks, together
        architecture: x86_64
        burstable: false
        regions: [us-east-1]             # where SageMaker hosts it
        addRegions: [us-west-2]
    regions:
      eu-south-3:
        partition: aws
        urlSuffix: amazonaws.com
        description: Europe (Somewhere)
        sagemaker: true                  # CloudFormation has endpoints there
        inferenceComponents: true
        codebuild: true
        serviceCatalog: true
        unsure: false

A new image version needs ``tags`` and, unless it is ``like`` another, ``repository`` and ``accounts``. A
new instance type needs ``vcpus``, ``memoryGiB`` and ``regions`` unless it is ``like`` another; a new region
needs ``partition`` and ``urlSuffix``. An unknown field, a region that does not exist and a key given twice
are problems; all problems of a file are reported at once."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from cfgen.catalogue import overlay_checks as check
from cfgen.catalogue.catalogue import Catalogue
from cfgen.catalogue.overlay_images import merge_images
from cfgen.catalogue.overlay_yaml import INVALID, Check, Reader, read_root

REGION = check.text(r"[a-z]{2,5}(-[a-z]{2,12}){1,2}-\d{1,2}", "a region like eu-west-1")
_INSTANCE = check.text(r"ml\.[a-z0-9-]{1,20}\.[a-z0-9-]{1,20}", "an instance type like ml.g5.2xlarge")
_LINE = check.text(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,100}", "one line of text")

_REGION_FIELDS = {
    "partition": ("partition", check.text(r"aws(-[a-z]{1,8}){0,3}", "a partition like aws or aws-cn")),
    "urlSuffix": ("url_suffix", check.text(r"[a-z0-9-]+(\.[a-z0-9-]+)+", "a domain like amazonaws.com")),
    "description": ("description", _LINE),
    "sagemaker": ("sagemaker", check.boolean),
    "inferenceComponents": ("inference_components", check.boolean),
    "codebuild": ("codebuild", check.boolean),
    "serviceCatalog": ("service_catalog", check.boolean),
    "unsure": ("unsure", check.boolean),
}

_INSTANCE_FIELDS = {
    "vcpus": ("vcpus", check.number(1, 10000, whole=True)),
    "memoryGiB": ("memory", check.number(0.5, 100000, whole=False)),
    "network": ("network", _LINE),
    "accelerator": ("acc", _LINE),
    "accelerators": ("n", check.number(0, 1000, whole=True)),
    "acceleratorMemoryGiB": ("acc_memory", check.number(0, 10000, whole=False)),
    "neuronCores": ("cores", check.number(0, 10000, whole=True)),
    "nvmeGB": ("nvme", check.number(0, 1000000, whole=True)),
    "architecture": ("arch", check.choice("x86_64", "arm64")),
    "burstable": ("burstable", check.boolean),
}


def merged(path: Path, tables: dict[str, Any]) -> Catalogue:
    """The catalogue of ``tables`` (which are changed) under the overlay at ``path``.

    Raises OverlayError with every problem of the file.
    """
    reader = Reader(path)
    root, data = read_root(reader, path)
    parts: dict[str, yaml.Node] = {}
    if root is not None:

        def keep(_: Reader, node: yaml.Node, path: str) -> Any:
            parts[path] = node
            return node

        reader.fields(root, "", dict.fromkeys(("images", "instances", "regions"), keep))
    # regions first: what stands in the other two may name them
    if "regions" in parts:
        _merge_regions(reader, parts["regions"], tables["regions"]["regions"])
    region = check.known(tables["regions"]["regions"], "region", REGION)
    if "instances" in parts:
        _merge_instances(reader, parts["instances"], tables["instances"], region)
    if "images" in parts:
        merge_images(reader, parts["images"], tables["images"], region)
    reader.finish()
    return Catalogue(**tables, overlay=sha256(data).hexdigest()[:12])


def _merge_regions(reader: Reader, node: yaml.Node, table: dict[str, Any]) -> None:
    for name, key_node, body in reader.entries(node, "regions"):
        path = f"regions.{name}"
        fields = reader.fields(body, path, {key: each for key, (_, each) in _REGION_FIELDS.items()})
        if REGION(reader, key_node, path) is INVALID:
            continue
        if name not in table:
            missing = fields.lacks("partition", "urlSuffix")
            if missing and isinstance(body, yaml.MappingNode):
                reader.report(key_node, path, f"a new region needs {' and '.join(missing)}")
        old = table.get(name, {"partition": "", "url_suffix": "", "description": name})
        table[name] = old | {_REGION_FIELDS[key][0]: value for key, value in fields.items()}


def _merge_instances(reader: Reader, node: yaml.Node, table: dict[str, Any], region: Check) -> None:
    types, sets = table["types"], table["region_sets"]
    checks = {key: each for key, (_, each) in _INSTANCE_FIELDS.items()}
    places = {"regions": check.listed(region), "addRegions": check.listed(region)}
    for name, key_node, body in reader.entries(node, "instances"):
        path = f"instances.{name}"
        like = {"like": check.known(types, "instance type", _INSTANCE)}
        fields = reader.fields(body, path, like | checks | places)
        if _INSTANCE(reader, key_node, path) is INVALID:
            continue
        model = types.get(fields.get("like", name))
        if model is None and isinstance(body, yaml.MappingNode) and "like" not in fields.given:
            missing = fields.lacks("vcpus", "memoryGiB", "regions")
            if missing:
                reader.report(
                    key_node,
                    path,
                    f"a new instance type needs {', '.join(missing)}",
                    "or like: a type it resembles",
                )
        row = {"vcpus": 0, "memory": 0, "network": "", "regions": []} | (model or {})
        hosted = fields.pop("regions", row["regions"] if "in" not in row else sets[row.pop("in")])
        row["regions"] = sorted({*hosted, *fields.pop("addRegions", ())})
        fields.pop("like", None)
        types[name] = row | {_INSTANCE_FIELDS[key][0]: value for key, value in fields.items()}
