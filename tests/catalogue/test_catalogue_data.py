"""The bundled data: what was learnt by comparing it with a second derivation, kept as figures.

A refresh that moves one of these figures is no fault by itself: look at what changed, then move the figure.
"""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from cfgen.catalogue import Catalogue, Image, load
from cfgen.catalogue.data_files import DATA, FILES
from cfgen.catalogue.refresh import dump
from cfgen.catalogue.versions import version_key

CATALOGUE = load()
DLC = "763104351884"

# types with local NVMe, on which EndpointConfig takes no volume size
NVME = {
    "c5d",
    "c6gd",
    "m5d",
    "m6gd",
    "r5d",
    "r6gd",
    "r7gd",
    "g4dn",
    "g5",
    "g6",
    "g6e",
    "g7",
    "g7e",
    "p4d",
    "p4de",
    "p5",
    "p5en",
    "trn1",
    "trn1n",
}


def every_image(catalogue: Catalogue = CATALOGUE) -> list[Image]:
    return [
        catalogue.image(
            row.family, f"{row.version}-{row.base}" if row.base else row.version, processor, row.architecture
        )
        for family in catalogue.families()
        for row in catalogue.versions(family)
        for processor in row.processors
    ]


# -- images


@pytest.mark.parametrize(
    ("family", "version", "regions"),
    [
        ("vllm", "0.30.0", 35),
        ("vllm", "0.28.0", 45),
        ("vllm-server", "2.6", 35),
        ("vllm-server", "2", 45),
        ("sglang", "0.5.20", 35),
        ("djl-lmi", "0.38.0", 44),
        ("djl-lmi", "0.32.0", 39),
        ("huggingface-vllm", "0.29.0", 42),
        ("huggingface-llm", "3.3.6", 45),
        ("huggingface", "5.5.3", 35),
        ("huggingface-tei", "1.8.2", 35),
        ("pytorch", "2.6.0", 39),
        ("sagemaker-tritonserver", "26.05", 34),
        ("sagemaker-tritonserver", "24.09", 26),
    ],
)
def test_region_coverage_belongs_to_a_version(family: str, version: str, regions: int) -> None:
    assert len(CATALOGUE.image(family, version, "gpu").regions) == regions


@pytest.mark.parametrize(
    ("family", "regions"),
    [("huggingface-neuronx", 24), ("huggingface-vllm-neuronx", 11), ("djl-neuronx", 32)],
)
def test_neuron_coverage(family: str, regions: int) -> None:
    image = CATALOGUE.image(family, None, "neuron")
    assert len(image.regions) == regions
    assert "neuronx" in image.name
    assert image.neuron_sdk == "neuronx"


@pytest.mark.parametrize(
    ("family", "uri"),
    [
        ("vllm", f"{DLC}.dkr.ecr.us-east-1.amazonaws.com/vllm:0.30.0-gpu-py312-cu130-ubuntu24.04-sagemaker"),
        ("vllm-server", f"{DLC}.dkr.ecr.us-east-1.amazonaws.com/vllm:server-sagemaker-cuda-v2.6"),
        (
            "sglang",
            f"{DLC}.dkr.ecr.us-east-1.amazonaws.com/sglang:0.5.20-gpu-py312-cu130-ubuntu24.04-sagemaker",
        ),
        ("djl-lmi", f"{DLC}.dkr.ecr.us-east-1.amazonaws.com/djl-inference:0.38.0-lmi29.0.0-cu130"),
        (
            "huggingface-vllm",
            f"{DLC}.dkr.ecr.us-east-1.amazonaws.com/"
            "huggingface-vllm:0.29.0-transformers5.15.0-gpu-py312-cu130-ubuntu24.04-v1.0",
        ),
        (
            "tgi",
            f"{DLC}.dkr.ecr.us-east-1.amazonaws.com/"
            "huggingface-pytorch-tgi-inference:2.7.0-tgi3.3.6-gpu-py311-cu124-ubuntu22.04",
        ),
        (
            "huggingface",
            f"{DLC}.dkr.ecr.us-east-1.amazonaws.com/"
            "huggingface-pytorch-inference:2.6.0-transformers5.5.3-gpu-py312-cu124-ubuntu22.04",
        ),
        (
            "tei",
            "683313688378.dkr.ecr.us-east-1.amazonaws.com/tei:2.0.1-tei1.8.2-gpu-py310-cu122-ubuntu22.04",
        ),
        ("triton", f"{DLC}.dkr.ecr.us-east-1.amazonaws.com/sagemaker-tritonserver:26.05-py3"),
    ],
)
def test_newest_gpu_images(family: str, uri: str) -> None:
    assert CATALOGUE.image(family, None, "gpu").uri("us-east-1", "amazonaws.com") == uri


@pytest.mark.parametrize(
    ("family", "version", "processor", "name"),
    [
        (
            "tgi-neuronx",
            None,
            "neuron",
            "huggingface-pytorch-tgi-inference:2.7.0-optimum3.3.6-neuronx-py310-ubuntu22.04",
        ),
        (
            "huggingface-vllm-neuronx",
            None,
            "neuron",
            "huggingface-vllm-inference-neuronx:0.11.0-optimum0.4.4-neuronx-py310-sdk2.26.1-ubuntu22.04",
        ),
        (
            "huggingface-neuronx",
            None,
            "neuron",
            "huggingface-pytorch-inference-neuronx:2.8.0-transformers4.55.4-neuronx-py310-sdk2.26.0-ubuntu22.04",
        ),
        ("djl-neuronx", None, "neuron", "djl-inference:0.29.0-neuronx-sdk2.19.1"),
        ("triton", "24.09", "cpu", "sagemaker-tritonserver:24.09-py3-cpu"),
        ("llama-cpp", "1.0.1", "gpu", "llama-cpp:server-sagemaker-cuda-v1.0.1"),
        ("llama-cpp", "1.0.1", "cpu", "llama-cpp:server-sagemaker-cpu-v1.0.1"),
        ("sklearn", "1.2-1", "cpu", "sagemaker-scikit-learn:1.2-1-cpu-py3"),
        ("xgboost", "1.7-1", "cpu", "sagemaker-xgboost:1.7-1"),
        ("xgboost", "1.7-1", "gpu", "sagemaker-xgboost:1.7-1"),
        ("tensorflow", "2.19", "gpu", "tensorflow-inference:2.19.0-gpu"),
        ("pytorch", "1.4.0", "cpu", "pytorch-inference:1.4.0-cpu-py36"),
        ("mxnet", "1.4.1", "cpu", "mxnet-inference:1.4.1-cpu-py3"),
    ],
)
def test_tags_follow_each_familys_rules(family: str, version: str | None, processor: str, name: str) -> None:
    assert CATALOGUE.image(family, version, processor).name == name


@pytest.mark.parametrize(
    ("family", "version", "name"),
    [
        ("pytorch", "2.6.0", "pytorch-inference-arm64:2.6.0-cpu-py312-ubuntu22.04-sagemaker"),
        ("pytorch", "2.3.0", "pytorch-inference-graviton:2.3.0-cpu-py311-ubuntu20.04-sagemaker"),
        ("tensorflow", "2.16.1", "tensorflow-inference-graviton:2.16.1-cpu-py310-ubuntu20.04-sagemaker"),
        ("xgboost", "1.5-1", "sagemaker-xgboost:1.5-1-arm64"),
        ("sklearn", "1.0-1", "sagemaker-scikit-learn:1.0-1-arm64-cpu-py3"),
        ("llama-cpp", None, "llama-cpp-arm64:server-sagemaker-cpu-v1.0.1"),
    ],
)
def test_graviton_images(family: str, version: str | None, name: str) -> None:
    image = CATALOGUE.image(family, version, "cpu", "arm64")
    assert (image.name, image.architecture) == (name, "arm64")


def test_the_older_commercial_regions_share_one_deep_learning_account() -> None:
    accounts = CATALOGUE.image("tgi", None, "gpu").accounts
    shared = {region for region, account in accounts.items() if account == DLC}
    assert len(shared) == 16
    assert {"us-east-1", "us-west-1", "eu-west-3", "eu-north-1", "ap-south-1", "sa-east-1"} <= shared
    assert accounts["eu-south-1"] == "692866216735"
    assert accounts["cn-north-1"] == accounts["cn-northwest-1"] == "727897471807"
    assert accounts["us-gov-west-1"] != accounts["us-gov-east-1"]


@pytest.mark.parametrize(
    ("family", "processor"), [("tei", "gpu"), ("tei-cpu", "cpu"), ("sklearn", "cpu"), ("xgboost", "cpu")]
)
def test_tei_sklearn_and_xgboost_have_an_account_for_each_region(family: str, processor: str) -> None:
    accounts = CATALOGUE.image(family, None, processor).accounts
    assert accounts["us-east-1"] == "683313688378"
    assert accounts["eu-west-1"] == "141502667606"
    assert max(Counter(accounts.values()).values()) == 1


def test_an_account_for_a_region_does_not_mean_that_the_image_is_there() -> None:
    """The group knows ap-east-2; TEI's versions are not in it."""
    assert "ap-east-2" in CATALOGUE.image("vllm", None, "gpu").regions
    assert "ap-east-2" not in CATALOGUE.image("tei", None, "gpu").regions


@pytest.mark.parametrize(
    ("family", "version", "cuda"),
    [
        ("vllm", None, "13.0"),
        ("tgi", None, "12.4"),
        ("tei", None, "12.2"),
        ("huggingface", "4.26.0", "11.7"),
        ("vllm-server", "2", "13.0"),
        ("vllm-server", "2.6", "13.0"),
        ("sglang-server", "1.4", "13.0"),
        ("triton", "24.09", "12.6"),
        ("triton", None, "13.2"),
        ("pytorch", None, None),
    ],
)
def test_cuda(family: str, version: str | None, cuda: str | None) -> None:
    assert CATALOGUE.image(family, version, "gpu").cuda == cuda


def test_cuda_is_a_property_of_the_gpu_image() -> None:
    assert CATALOGUE.image("huggingface", None, "cpu").cuda is None


def test_no_python_2_image_is_left() -> None:
    assert not [image.name for image in every_image() if re.search(r"-py2\b", image.name)]
    assert "1.10.0" not in [row.version for row in CATALOGUE.versions("tensorflow")]


def test_every_image_can_be_named_and_found() -> None:
    """Family, version (and base), processor and architecture identify an image; its own URI says nothing else."""
    images = every_image()
    assert (
        len({(i.family, i.version, i.base, i.processor, i.architecture) for i in images}) == len(images) > 500
    )
    for image in images:
        assert re.fullmatch(r"[a-z0-9]+([._/-][a-z0-9]+)*", image.repository)
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", image.tag)
        assert all(re.fullmatch(r"\d{12}", account) for account in image.accounts.values())
        assert image.regions <= CATALOGUE.regions.keys()


def test_training_and_processing_families_are_left_out() -> None:
    families = CATALOGUE.families()
    assert len(families) == 61
    assert not {"spark", "clarify", "debugger", "pytorch-smp", "pytorch-amzn2023", "data-wrangler"} & set(
        families
    )


@pytest.mark.parametrize("family", CATALOGUE.families())
def test_versions_are_listed_newest_first(family: str) -> None:
    keys = [version_key(row.version) for row in CATALOGUE.versions(family)]
    assert keys == sorted(keys, reverse=True)


# -- instance types


@pytest.mark.parametrize(
    ("name", "regions"),
    [
        ("ml.g4dn.xlarge", 25),
        ("ml.g5.2xlarge", 19),
        ("ml.g6.2xlarge", 19),
        ("ml.g6e.xlarge", 9),
        ("ml.g7e.2xlarge", 8),
        ("ml.p5.48xlarge", 7),
        ("ml.inf2.xlarge", 14),
        ("ml.trn1.2xlarge", 2),
    ],
)
def test_hosting_coverage(name: str, regions: int) -> None:
    assert len(CATALOGUE.instance(name).regions) == regions


def test_hosting_happens_in_38_regions_of_three_partitions() -> None:
    regions = frozenset().union(*(instance.regions for instance in CATALOGUE.instances.values()))
    assert len(regions) == 38
    assert {CATALOGUE.region(name).partition for name in regions} == {"aws", "aws-cn", "aws-us-gov"}


def test_no_type_is_priced_nowhere() -> None:
    assert len(CATALOGUE.instances) == 248
    assert not [instance.name for instance in CATALOGUE.instances.values() if not instance.regions]
    families = {instance.family for instance in CATALOGUE.instances.values()}
    assert not {"p2", "p3", "dl1", "p5e", "trn2", "t3", "m7g", "r7g"} & families


def test_types_are_in_the_order_people_expect() -> None:
    g5 = [name for name in CATALOGUE.instances if name.startswith("ml.g5.")]
    assert g5 == [f"ml.g5.{size}xlarge" for size in ("", 2, 4, 8, 12, 16, 24, 48)]


def test_local_nvme_belongs_to_families() -> None:
    with_nvme = {i.family for i in CATALOGUE.instances.values() if i.has_local_nvme}
    without = {i.family for i in CATALOGUE.instances.values() if not i.has_local_nvme}
    assert not with_nvme & without
    assert {family for family in with_nvme if not family.startswith("p6")} == NVME
    assert any(family.startswith("p6") for family in with_nvme)


@pytest.mark.parametrize(
    ("name", "accelerator", "count", "gib", "capability"),
    [
        ("ml.g4dn.xlarge", "T4", 1, 15.0, 7.5),
        ("ml.g4dn.12xlarge", "T4", 4, 15.0, 7.5),
        ("ml.g5.24xlarge", "A10G", 4, 22.35, 8.6),
        ("ml.g6.2xlarge", "L4", 1, 22.35, 8.9),
        ("ml.g6e.xlarge", "L40S", 1, 44.7, 8.9),
        ("ml.p4d.24xlarge", "A100", 8, 40.0, 8.0),
        ("ml.p4de.24xlarge", "A100", 8, 80.0, 8.0),
        ("ml.p5.48xlarge", "H100", 8, 80.0, 9.0),
        ("ml.p5en.48xlarge", "H200", 8, 141.0, 9.0),
        ("ml.g7e.2xlarge", "RTX PRO Server 6000", 1, 96.0, 12.0),
        ("ml.inf2.xlarge", "Inferentia2", 1, 32.0, None),
        ("ml.inf2.48xlarge", "Inferentia2", 12, 32.0, None),
    ],
)
def test_accelerators(name: str, accelerator: str, count: int, gib: float, capability: float | None) -> None:
    instance = CATALOGUE.instance(name)
    found = (
        instance.accelerator,
        instance.accelerators,
        instance.accelerator_memory_gib,
        instance.compute_capability,
    )
    assert found == (accelerator, count, gib, capability)


def test_every_gpu_has_a_compute_capability() -> None:
    assert not [
        i.name for i in CATALOGUE.instances.values() if i.processor == "gpu" and not i.compute_capability
    ]


@pytest.mark.parametrize(
    ("name", "cores", "sdk"),
    [("ml.inf1.xlarge", 4, "neuron"), ("ml.inf2.xlarge", 2, "neuronx"), ("ml.trn1.32xlarge", 32, "neuronx")],
)
def test_neuron(name: str, cores: int, sdk: str) -> None:
    instance = CATALOGUE.instance(name)
    assert (instance.processor, instance.neuron_cores, instance.neuron_sdk) == ("neuron", cores, sdk)


def test_processors_architectures_and_bursting() -> None:
    assert CATALOGUE.instance("ml.m5.large").processor == "cpu"
    assert CATALOGUE.instance("ml.c7g.xlarge").architecture == "arm64"
    assert CATALOGUE.instance("ml.g5.xlarge").architecture == "x86_64"
    assert {i.family for i in CATALOGUE.instances.values() if i.burstable} == {"t2"}


# -- regions


def test_regions() -> None:
    assert len(CATALOGUE.regions) == 48
    china = CATALOGUE.region("cn-north-1")
    assert (china.partition, china.url_suffix) == ("aws-cn", "amazonaws.com.cn")
    assert CATALOGUE.region("eusc-de-east-1").url_suffix == "amazonaws.eu"
    assert [r.name for r in CATALOGUE.regions.values() if "global" in r.name] == []


def test_where_prices_and_schemas_disagree_nothing_is_certain() -> None:
    unsure = {region.name for region in CATALOGUE.regions.values() if region.unsure}
    assert unsure == {"me-central-1", "me-south-1", "us-gov-east-1"}
    assert not any(CATALOGUE.region(name).sagemaker for name in unsure)


def test_announced_regions_host_nothing_yet() -> None:
    assert not any(CATALOGUE.region(name).sagemaker for name in ("me-west-1", "sa-west-1"))


def test_inference_components_lag_behind_endpoints() -> None:
    sure = [r for r in CATALOGUE.regions.values() if r.sagemaker and r.partition == "aws"]
    lacking = {r.name for r in sure if not r.inference_components}
    assert lacking == {
        "af-south-1",
        "ap-east-1",
        "ap-east-2",
        "ap-northeast-3",
        "ap-south-2",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ca-west-1",
        "eu-central-2",
        "eu-south-1",
        "eu-south-2",
        "eu-west-3",
        "il-central-1",
        "mx-central-1",
        "us-west-1",
    }


def test_services_around_endpoints_are_missing_in_young_regions() -> None:
    sure = [r for r in CATALOGUE.regions.values() if r.sagemaker]
    assert {r.name for r in sure if not r.codebuild} == {"ap-east-2", "ca-west-1", "mx-central-1"}
    assert {r.name for r in sure if not r.service_catalog} == {
        "ap-east-2",
        "ap-southeast-5",
        "ap-southeast-7",
        "mx-central-1",
    }


# -- the files


def test_the_files_are_small_and_written_as_the_refresh_writes_them() -> None:
    assert sum((DATA / f"{name}.json").stat().st_size for name in FILES) < 200_000
    for name in FILES:
        text = (DATA / f"{name}.json").read_text(encoding="utf-8")
        assert dump(json.loads(text)) == text


def test_sources_name_what_the_data_came_from() -> None:
    assert {s.package for s in CATALOGUE.sources} == {"botocore", "cfn-lint", "moto", "sagemaker-core"}
    for source in CATALOGUE.sources:
        assert re.fullmatch(r"[0-9a-f]{64}", source.sha256)
        assert source.version in source.file
        assert f"{source.package} {source.version}" in CATALOGUE.version
