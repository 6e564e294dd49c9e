"""Refresh: what is derived from small imitations of the published packages, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.catalogue.packages import (
    ACCOUNTS,
    CONFIG,
    REGIONS,
    build,
    build_sdist,
    changed,
    contents,
    image,
    instance,
)

from cfgen.catalogue import Catalogue, refresh_sources
from cfgen.catalogue.refresh import derive, dump, read, refresh, write
from cfgen.catalogue.refresh_compare import Comparison
from cfgen.catalogue.refresh_instances import sort_key
from cfgen.catalogue.refresh_pack import name_region_set
from cfgen.catalogue.refresh_sources import RefreshError, downloaded, in_folder
from cfgen.files import WriteError

Packages = Mapping[str, Mapping[str, Any]]
PARTITIONS = "botocore/data/partitions.json"
SERVICE = "botocore/data/sagemaker/2017-07-24/service-2.json.gz"
HOSTING = "cfnlint/data/schemas/extensions/aws_sagemaker_hosting/instancetype_enum.json"
EC2 = "moto/ec2/resources/instance_types.json.gz"


def tables_of(folder: Path, packages: Packages) -> dict[str, dict[str, Any]]:
    return derive(in_folder(build(folder, packages)))


def catalogue_of(folder: Path, packages: Packages) -> Catalogue:
    return Catalogue(**tables_of(folder, packages))


def with_family(config: Any, name: str = "fam") -> dict[str, Any]:
    """The imitation with one more image family."""
    return changed(contents(), "sagemaker_core", f"{CONFIG}{name}.json", config)


def step(tmp_path: Path, after: Packages, before: Packages | None = None) -> Comparison:
    """Refresh a folder that holds ``before`` with ``after``."""
    target = tmp_path / "data"
    write(derive(in_folder(build(tmp_path / "before", before or contents()))), target)
    return refresh(in_folder(build(tmp_path / "after", after)), target)[1]


# -- deriving


def test_what_is_derived(tmp_path: Path) -> None:
    catalogue = catalogue_of(tmp_path, contents())
    assert catalogue.families() == ("many",)
    newest = catalogue.image("many", None, "gpu")
    assert (newest.version, newest.tag, newest.cuda, dict(newest.accounts)) == (
        "1.19",
        "1.19-cu130-gpu",
        "13.0",
        ACCOUNTS,
    )
    assert catalogue.image("many", "1", "gpu") == newest
    assert list(catalogue.instances) == [
        "ml.g4dn.xlarge",
        "ml.m5.large",
        "ml.m5.xlarge",
        "ml.m5.2xlarge",
        "ml.m5.12xlarge",
    ]
    assert catalogue.instance("ml.g4dn.xlarge").accelerator_memory_gib == 15
    assert tuple(catalogue.regions) == REGIONS
    region = catalogue.region("eu-west-1")
    assert (region.sagemaker, region.codebuild, region.inference_components) == (True, True, False)


def test_the_same_packages_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (tables_of(tmp_path / name, contents()) for name in "ab")
    assert [dump(table) for table in first.values()] == [dump(table) for table in second.values()]


def test_sources_are_recorded(tmp_path: Path) -> None:
    source = tables_of(tmp_path, contents())["images"]["sources"]
    assert [(s["package"], s["version"], s["file"]) for s in source] == [
        ("sagemaker-core", "1.0", "sagemaker_core-1.0-py3-none-any.whl")
    ]


TAGS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "no processors": ({"versions": {"1": image()}}, {"gpu": "1", "cpu": "1"}),
    "CUDA in the prefix": ({"versions": {"1": image("1-cu124")}}, {"gpu": "1-cu124"}),
    "neuronx in the prefix": ({"versions": {"1": image("1-neuronx-sdk2")}}, {"neuron": "1-neuronx-sdk2"}),
    "processors": (
        {"processors": ["cpu", "gpu"], "versions": {"1": image(py_versions=["py3"])}},
        {"gpu": "1-gpu-py3", "cpu": "1-cpu-py3"},
    ),
    "containers": (
        {
            "versions": {
                "1": image("p", processors=["cpu", "gpu"], container_version={"gpu": "cu130-u", "cpu": "u"})
            }
        },
        {"gpu": "p-gpu-cu130-u", "cpu": "p-cpu-u"},
    ),
    "processor not in tag": (
        {
            "versions": {
                "1": image(
                    "p", processors=["gpu"], processor_in_tag=False, container_version={"gpu": "cuda-v1"}
                )
            }
        },
        {"gpu": "p-cuda-v1"},
    ),
    "several Pythons": (
        {"processors": ["cpu"], "versions": {"1": image(py_versions=["py2", "py3", "py36"])}},
        {"cpu": "1-cpu-py36"},
    ),
    "a body for each Python": (
        {"processors": ["cpu"], "versions": {"1": {"py2": image(), "py3": image()}}},
        {"cpu": "1-cpu-py3"},
    ),
    "inferentia": ({"processors": ["inf"], "versions": {"1": image()}}, {"neuron": "1-inf"}),
    "frameworks underneath": (
        {"processors": ["cpu"], "versions": {"4.5": {"version_aliases": {}, "pytorch2.0.1": image()}}},
        {"cpu": "2.0.1-transformers4.5-cpu"},
    ),
}


@pytest.mark.parametrize("case", TAGS)
def test_tags(tmp_path: Path, case: str) -> None:
    config, tags = TAGS[case]
    packages = with_family({"scope": ["inference"], **config})
    assert dict(catalogue_of(tmp_path, packages).versions("fam")[0].tags) == tags


def test_neuron_sdk_is_in_the_tag(tmp_path: Path) -> None:
    body = image(
        py_versions=["py310"], container_version={"inf": "ubuntu"}, sdk_versions=["sdk2.9.1", "sdk2.20.0"]
    )
    config = {"inference": {"processors": ["inf"], "versions": {"4.5": {"pytorch2.1": body}}}}
    catalogue = catalogue_of(tmp_path, with_family(config, "huggingface-neuronx"))
    assert catalogue.image("huggingface-neuronx", None, "neuron").tag == (
        "2.1-transformers4.5-neuronx-py310-sdk2.20.0-ubuntu"
    )


def test_graviton_is_a_scope_of_its_own(tmp_path: Path) -> None:
    config = {
        "inference": {"processors": ["cpu"], "versions": {"1": image()}},
        "inference_graviton": {
            "processors": ["cpu"],
            "versions": {"1": image(repository="fam-inference-graviton", container_version={"cpu": "u"})},
        },
        "eia": {"processors": ["cpu"], "versions": {"1": image()}},
        "training": {"processors": ["cpu"], "versions": {"2": image()}},
    }
    catalogue = catalogue_of(tmp_path, with_family({name: {**body} for name, body in config.items()}))
    assert len(catalogue.versions("fam")) == 2
    assert catalogue.image("fam", None, "cpu").name == "repo:1-cpu"
    assert catalogue.image("fam", None, "cpu", "arm64").name == "fam-inference-graviton:1-cpu-u-sagemaker"


def test_python_2_alone_is_left_out(tmp_path: Path) -> None:
    config = {"scope": ["inference"], "processors": ["cpu"], "versions": {"1": image(py_versions=["py2"])}}
    assert catalogue_of(tmp_path, with_family(config)).families() == ("many",)


def test_contradicting_accounts_make_two_groups(tmp_path: Path) -> None:
    other = {**ACCOUNTS, "eu-west-1": "333333333333"}
    versions = {
        "1": image(),
        "2": image(registries=other),
        "3": image(registries={"us-west-2": "222222222222"}),
    }
    catalogue = catalogue_of(tmp_path, with_family({"scope": ["inference"], "versions": versions}))
    assert [dict(row.accounts)["us-west-2"] for row in catalogue.versions("fam")] == ["222222222222"] * 3
    assert catalogue.image("fam", "1", "cpu").accounts["eu-west-1"] == "111111111111"
    assert catalogue.image("fam", "2", "cpu").accounts["eu-west-1"] == "333333333333"
    assert catalogue.image("fam", "3", "cpu").regions == {"us-west-2"}


def test_hardware(tmp_path: Path) -> None:
    core = {"Name": "Inferentia2", "Count": 6, "CoreInfo": {"Count": 2}, "MemoryInfo": {"SizeInMiB": 32768}}
    part = {"Count": 0, "LogicalGpuCount": 1, "Name": "L4", "MemoryInfo": {"SizeInMiB": 2861}}
    packages = contents()
    packages["moto"][EC2]["m5.large"] = instance(
        NeuronInfo={"NeuronDevices": [core]},
        ProcessorInfo={"SupportedArchitectures": ["arm64"]},
        BurstablePerformanceSupported=True,
    )
    packages["moto"][EC2]["m5.xlarge"] = instance(GpuInfo={"Gpus": [part]})
    catalogue = catalogue_of(tmp_path, packages)
    neuron, fraction = catalogue.instance("ml.m5.large"), catalogue.instance("ml.m5.xlarge")
    assert (neuron.accelerators, neuron.neuron_cores, neuron.architecture, neuron.burstable) == (
        6,
        12,
        "arm64",
        True,
    )
    assert (fraction.accelerators, fraction.accelerator_memory_gib) == (1, 2.79)


def test_types_in_one_list_only_are_kept_apart(tmp_path: Path) -> None:
    packages = contents()
    del packages["moto"][EC2]["m5.large"]
    table = tables_of(tmp_path, packages)["instances"]
    assert (table["unpriced"], table["unlisted"]) == (["ml.p2.xlarge"], ["ml.t3.medium"])
    assert table["without_hardware"] == ["ml.m5.large"]
    assert "left out, no hardware data: ml.m5.large" in list(step(tmp_path, packages).lines())


def test_a_region_without_schemas_is_unsure_when_it_has_prices(tmp_path: Path) -> None:
    packages = contents()
    del packages["cfn_lint"]["cfnlint/data/schemas/providers/eu-west-1.json"]
    packages["cfn_lint"]["cfnlint/data/schemas/providers/us-east-1.json"] = {"AWS::S3::Bucket": "hash"}
    catalogue = catalogue_of(tmp_path, packages)
    assert [(r.sagemaker, r.unsure) for r in catalogue.regions.values()] == [
        (False, True),
        (False, True),
        (True, False),
    ]


def test_region_sets_are_named_by_content() -> None:
    sets: dict[str, list[str]] = {}
    assert name_region_set(sets, ["b", "a"]) == name_region_set(sets, ["a", "b"])
    short = name_region_set(sets, ["a", "c"])
    taken = {short: ["something else"]}
    assert name_region_set(taken, ["a", "c"]) != short
    assert taken[short] == ["something else"]


def test_sizes_sort_by_size() -> None:
    names = [
        f"ml.m5.{size}"
        for size in ("nano", "micro", "small", "medium", "large", "xlarge", "2xlarge", "12xlarge")
    ]
    assert sorted([*names[::2], *names[1::2]], key=sort_key) == names
    assert sorted(["ml.p4d.24xlarge", "ml.g5.xlarge"], key=sort_key) == ["ml.g5.xlarge", "ml.p4d.24xlarge"]


# -- packages that are not as they should be

BROKEN: dict[str, tuple[str, str, Any, str]] = {
    "no image files": ("sagemaker_core", CONFIG, None, "has no files under sagemaker/core/image_uri_config/"),
    "no partitions": ("botocore", PARTITIONS, None, f"has no file {PARTITIONS}"),
    "no service model": ("botocore", SERVICE, None, "has no files under botocore/data/sagemaker/"),
    "no hosting data": ("cfn_lint", HOSTING, None, f"has no file {HOSTING}"),
    "no hardware": ("moto", EC2, None, f"has no file {EC2}"),
    "not JSON": ("botocore", PARTITIONS, b"{", f"{PARTITIONS} is not JSON"),
    "not gzip": ("moto", EC2, b"plain", "cannot be read"),
    "image file of another shape": (
        "sagemaker_core",
        f"{CONFIG}many.json",
        {"scope": 5},
        "many.json has an unknown shape",
    ),
    "image file that is a list": (
        "sagemaker_core",
        f"{CONFIG}many.json",
        [1],
        "many.json has an unknown shape",
    ),
    "version without registries": (
        "sagemaker_core",
        f"{CONFIG}many.json",
        {"scope": ["inference"], "versions": {"1": {"repository": "r"}}},
        "many.json has an unknown shape (KeyError: 'registries')",
    ),
    "processor never seen": (
        "sagemaker_core",
        f"{CONFIG}many.json",
        {"scope": ["inference"], "processors": ["tpu"], "versions": {"1": image()}},
        "many.json has an unknown shape (KeyError: 'tpu')",
    ),
    "service model of another shape": ("botocore", SERVICE, {"shapes": {}}, "unknown shape"),
    "partitions of another shape": ("botocore", PARTITIONS, {"partitions": [{}]}, "unknown shape"),
    "hardware of another shape": ("moto", EC2, {"m5.large": {}}, "unknown shape"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_packages(tmp_path: Path, case: str) -> None:
    package, name, content, message = BROKEN[case]
    packages = deepcopy(contents())
    for file in [file for file in packages[package] if file.startswith(name)]:
        packages = changed(packages, package, file, content)
    folder = build(tmp_path, packages)
    if isinstance(content, bytes) and name.endswith(".gz"):
        files = {**packages["moto"]}
        del files[EC2]
        build(tmp_path, {"moto": {**files, EC2.removesuffix(".gz"): content}})
        rename_member(tmp_path / "moto-1.0-py3-none-any.whl", EC2)
    with pytest.raises(RefreshError) as caught:
        derive(in_folder(folder))
    assert message in caught.value.message
    assert caught.value.hint


def rename_member(wheel: Path, name: str) -> None:
    """Give the only member of a wheel another name, its bytes as they are."""
    import zipfile

    with zipfile.ZipFile(wheel) as archive:
        data = archive.read(archive.namelist()[0])
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(name, data)


@pytest.mark.parametrize(
    "damage", [lambda _: b"", lambda data: data[: len(data) // 2], lambda _: b"not a zip" * 99]
)
def test_a_damaged_wheel(tmp_path: Path, damage: Any) -> None:
    folder = build(tmp_path, contents())
    wheel = folder / "botocore-1.0-py3-none-any.whl"
    wheel.write_bytes(damage(wheel.read_bytes()))
    with pytest.raises(RefreshError, match="not a readable package"):
        derive(in_folder(folder))


def test_a_wheel_with_a_flipped_bit(tmp_path: Path) -> None:
    folder = build(tmp_path, contents())
    wheel = folder / "botocore-1.0-py3-none-any.whl"
    data = wheel.read_bytes()
    wheel.write_bytes(data.replace(b"EU-WEST-1", b"EU-WEST-2"))
    with pytest.raises(RefreshError, match="Bad CRC"):
        derive(in_folder(folder))


def test_a_member_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh_sources, "_LARGEST_FILE", 100)
    with pytest.raises(RefreshError, match="more than 100"):
        derive(in_folder(build(tmp_path, contents())))


def test_sdists_and_tarballs_read_alike(tmp_path: Path) -> None:
    packages = contents()
    wheels = derive(in_folder(build(tmp_path / "wheels", packages)))
    (tmp_path / "sdists").mkdir()
    for package, files in packages.items():
        build_sdist(tmp_path / "sdists", package, files)
    sdists = derive(in_folder(tmp_path / "sdists"))
    assert sdists["images"]["families"] == wheels["images"]["families"]
    assert sdists["instances"]["types"] == wheels["instances"]["types"]
    (tmp_path / "sdists" / "moto-1.0.tar.gz").write_bytes(b"\x1f\x8bnot a tarball")
    with pytest.raises(RefreshError, match="not a readable package"):
        derive(in_folder(tmp_path / "sdists"))


def test_the_newest_of_several_files_is_taken(tmp_path: Path) -> None:
    for version in ("1.9", "1.10", "1.2"):
        build(tmp_path, contents(), version)
    assert {package.version for package in in_folder(tmp_path).values()} == {"1.10"}


def test_all_missing_packages_are_named(tmp_path: Path) -> None:
    build(tmp_path, {"botocore": {}})
    (tmp_path / "readme.txt").touch()
    with pytest.raises(RefreshError, match="no package file of sagemaker-core, cfn-lint, moto") as caught:
        in_folder(tmp_path)
    assert "pip download --no-deps sagemaker-core cfn-lint moto" in caught.value.hint
    with pytest.raises(RefreshError, match="is not a folder"):
        in_folder(tmp_path / "none")


# -- downloading


def test_download_asks_pip_for_the_packages_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        build(Path(command[command.index("--dest") + 1]), contents())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(refresh_sources.subprocess, "run", run)
    with downloaded() as packages:
        folder = packages["moto"].path.parent
        assert derive(packages)["images"]["families"]
    assert not folder.exists()
    (command,) = asked
    assert command[:4] == [sys.executable, "-m", "pip", "download"]
    assert "--no-deps" in command
    assert command[-4:] == ["sagemaker-core", "botocore", "cfn-lint", "moto"]


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (
            subprocess.CompletedProcess([], 1, "", "WARNING: x\nERROR: No matching distribution\n"),
            "ERROR: No matching",
        ),
        (subprocess.CompletedProcess([], 1, "", "No module named pip\n"), "No module named pip"),
        (subprocess.CompletedProcess([], 1, "", ""), "no reason given"),
        (subprocess.TimeoutExpired(["pip"], 900), "timed out"),
        (FileNotFoundError("python"), "python"),
    ],
)
def test_download_failures(monkeypatch: pytest.MonkeyPatch, failure: Any, message: str) -> None:
    def run(*_: Any, **__: Any) -> Any:
        if isinstance(failure, Exception):
            raise failure
        return failure

    monkeypatch.setattr(refresh_sources.subprocess, "run", run)
    with pytest.raises(RefreshError, match=message) as caught, downloaded():
        pass
    assert "--from DIR" in caught.value.hint


# -- comparing


def test_nothing_changed(tmp_path: Path) -> None:
    comparison = step(tmp_path, contents())
    assert all("unchanged" in line for line in comparison.lines() if "→" in line)
    assert comparison.refused() == []


def test_a_first_refresh_is_never_refused(tmp_path: Path) -> None:
    _, comparison = refresh(in_folder(build(tmp_path, contents())), tmp_path / "none")
    assert comparison.refused() == []
    assert "images: 0 → 20 (+20 -0 ~0)" in list(comparison.lines())


def test_changes_are_listed(tmp_path: Path) -> None:
    after = contents(21)
    versions = after["sagemaker_core"][f"{CONFIG}many.json"]["versions"]
    del versions["1.0"], versions["1.1"]["registries"]["us-west-2"]
    versions["1.2"]["tag_prefix"] = "other-cu130"
    after["moto"][EC2]["m5.large"]["VCpuInfo"]["DefaultVCpus"] = 8
    after["botocore"][PARTITIONS]["partitions"][0]["regions"]["us-west-2"]["description"] = "Oregon"
    lines = list(step(tmp_path, after).lines())
    for line in (
        "images: 20 → 20 (+1 -1 ~3)",
        "  + many 1.20",
        "  - many 1.0",
        "  ~ many 1.1: regions -us-west-2",
        "  ~ many 1.2: tags {'gpu': '1.2-cu130-gpu'} → {'gpu': 'other-cu130-gpu'}",
        "  ~ many 1.19: alias ['1'] → None",
        "image regions: 60 → 59 (+3 -4 ~0)",
        "  - many 1.1 in us-west-2",
        "instances: 5 → 5 (+0 -0 ~1)",
        "  ~ ml.m5.large: vcpus 4 → 8",
        "  ~ us-west-2: description US-WEST-2 → Oregon",
    ):
        assert any(found.startswith(line) for found in lines), (line, lines)


@pytest.mark.parametrize(("lost", "refused"), [(2, False), (3, True)])
def test_more_than_a_tenth_lost_is_refused(tmp_path: Path, lost: int, refused: bool) -> None:
    """Two of twenty are a tenth; additions do not make up for losses."""
    after = contents(40)
    versions = after["sagemaker_core"][f"{CONFIG}many.json"]["versions"]
    for number in range(lost):
        del versions[f"1.{number}"]
    comparison = step(tmp_path, after)
    reasons = comparison.refused()
    assert any("images: lost 3 of 20, more than 10%" in reason for reason in reasons) == refused
    assert bool(reasons) == refused
    assert comparison.refused(accept_losses=True) == []
    assert bool(comparison.refused(accept_account_changes=True)) == refused


LOSSES: dict[str, tuple[str, str, Any]] = {
    "regions": ("botocore", PARTITIONS, lambda d: d["partitions"][0]["regions"].pop("us-west-2")),
    "instances": ("botocore", SERVICE, lambda d: d["shapes"]["ProductionVariantInstanceType"]["enum"].pop(0)),
    "instance regions": ("cfn_lint", HOSTING, lambda d: d.pop("us-west-2")),
    "image regions": (
        "sagemaker_core",
        f"{CONFIG}many.json",
        lambda d: [version["registries"].pop("us-west-2") for version in d["versions"].values()],
    ),
    "families": ("sagemaker_core", f"{CONFIG}many.json", lambda d: d.update(scope=["training"])),
}


@pytest.mark.parametrize("table", LOSSES)
def test_every_table_is_watched(tmp_path: Path, table: str) -> None:
    package, name, lose = LOSSES[table]
    after = contents()
    lose(after[package][name])
    assert any(reason.startswith(f"{table}: lost") for reason in step(tmp_path, after).refused())


def test_a_changed_account_is_refused(tmp_path: Path) -> None:
    after = contents()
    versions = after["sagemaker_core"][f"{CONFIG}many.json"]["versions"]
    for number in (3, 4):
        versions[f"1.{number}"]["registries"]["eu-west-1"] = "999999999999"
    comparison = step(tmp_path, after)
    assert comparison.accounts == ("eu-west-1: 111111111111 → 999999999999 (many 1.4 and 1 more images)",)
    assert comparison.refused() == ["registry accounts changed: 1"]
    assert comparison.refused(accept_losses=True) != []
    assert comparison.refused(accept_account_changes=True) == []
    assert "  ! eu-west-1: 111111111111" in "\n".join(comparison.lines())


def test_a_new_regions_account_is_no_change(tmp_path: Path) -> None:
    before = contents()
    for version in before["sagemaker_core"][f"{CONFIG}many.json"]["versions"].values():
        del version["registries"]["us-west-2"]
    assert step(tmp_path, contents(), before).refused() == []


# -- writing


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    tables = tables_of(tmp_path / "packages", contents())
    write(tables, tmp_path / "data")
    assert read(tmp_path / "data") == tables


def test_all_files_or_none(tmp_path: Path) -> None:
    tables = tables_of(tmp_path / "packages", contents())
    target = tmp_path / "data"
    write(tables, target)
    before = {path.name: path.read_bytes() for path in target.iterdir()}
    (target / "regions.json").unlink()
    (target / "regions.json").mkdir()
    (target / "regions.json" / "in the way").touch()
    changed_tables = {**tables, "images": {**tables["images"], "schema": 2}}
    with pytest.raises((WriteError, IsADirectoryError)):
        write(changed_tables, target)
    assert (target / "images.json").read_bytes() == before["images.json"]
    assert not [path.name for path in target.iterdir() if path.name.startswith(".")]


def test_a_first_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    tables = tables_of(tmp_path / "packages", contents())
    (tmp_path / "data" / "regions.json" / "in the way").mkdir(parents=True)
    with pytest.raises(WriteError):
        write(tables, tmp_path / "data")
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["regions.json"]


def test_damaged_data_is_not_compared_with(tmp_path: Path) -> None:
    (tmp_path / "images.json").write_text("{", encoding="utf-8")
    with pytest.raises(RefreshError, match=r"cannot read .*images\.json"):
        read(tmp_path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=15,
)


@given(st.dictionaries(st.text(max_size=4), JSON, max_size=4))
def test_dump_is_json_of_the_same_content(table: dict[str, Any]) -> None:
    assert json.loads(dump(table)) == table
