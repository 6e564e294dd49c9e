"""Look-ups: aliases, stand-ins, and failures that say what exists."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cfgen.catalogue
from cfgen.catalogue import (
    Catalogue,
    CatalogueError,
    DataError,
    ImageNotInRegion,
    NoImageForProcessor,
    UnknownFamily,
    UnknownInstance,
    UnknownRegion,
    UnknownVersion,
    canonical,
    load,
)
from cfgen.catalogue.families import ALIASES, STAND_INS, called
from cfgen.catalogue.versions import cuda_in_tag, version_key

CATALOGUE = load()


def test_the_bundled_catalogue_is_read_once() -> None:
    assert load() is CATALOGUE


def test_answers_are_built_once_and_frozen() -> None:
    instance = CATALOGUE.instance("ml.g5.2xlarge")
    assert instance is CATALOGUE.instances["ml.g5.2xlarge"]
    with pytest.raises(FrozenInstanceError):
        instance.vcpus = 1  # type: ignore[misc]


@pytest.mark.parametrize(("alias", "family"), ALIASES.items())
def test_every_alias_names_a_family(alias: str, family: str) -> None:
    assert family in CATALOGUE.families()
    assert alias not in CATALOGUE.families()
    assert CATALOGUE.versions(alias) == CATALOGUE.versions(family)
    assert canonical(alias) == family
    assert alias in called(family)


def test_every_stand_in_exists_and_serves() -> None:
    for family, others in STAND_INS.items():
        for (processor, architecture), other in others.items():
            assert CATALOGUE.image(family, None, processor, architecture).family == other


def test_tei_on_a_cpu_is_the_cpu_image() -> None:
    assert CATALOGUE.image("tei", None, "cpu") == CATALOGUE.image("tei-cpu", None, "cpu")
    assert CATALOGUE.image("tei", "1.8", "cpu").name == "tei-cpu:2.0.1-tei1.8.2-cpu-py310-ubuntu22.04"
    assert CATALOGUE.image("tei", None, "gpu").family == "huggingface-tei"
    with pytest.raises(NoImageForProcessor):
        CATALOGUE.image("tei-cpu", None, "gpu")


@pytest.mark.parametrize("version", [None, "", "latest", "0.30", "0.30.0"])
def test_versions_and_their_aliases(version: str | None) -> None:
    assert CATALOGUE.image("vllm", version, "gpu").version == "0.30.0"


def test_latest_is_the_newest_and_not_the_sdks_floating_tag() -> None:
    assert CATALOGUE.image("xgboost", "latest", "cpu").version == "3.2-0"  # the SDK's is "1"
    assert CATALOGUE.image("vllm-server", "latest", "gpu").version == "2.6"  # the SDK's is "2"


def test_newest_means_newest_that_serves_the_processor() -> None:
    assert CATALOGUE.image("xgboost", None, "cpu", "arm64").version == "1.5-1"


def test_a_version_on_several_frameworks_is_pytorchs_unless_named() -> None:
    assert CATALOGUE.image("huggingface", "4.26.0", "gpu").base == "pytorch1.13.1"
    assert CATALOGUE.image("huggingface", "4.26.0-tensorflow2.11.0", "gpu").base == "tensorflow2.11.0"


Failure = tuple[Callable[[], object], type[CatalogueError], str, str]
FAILURES: dict[str, Failure] = {
    "family": (
        lambda: CATALOGUE.image("vlm", None, "gpu"),
        UnknownFamily,
        "did you mean 'vllm'",
        "lists all",
    ),
    "family far": (
        lambda: CATALOGUE.versions("zzzzzzzz"),
        UnknownFamily,
        "no image family 'zzzzzzzz'",
        "vllm",
    ),
    "version": (
        lambda: CATALOGUE.image("vllm", "0.30.1", "gpu"),
        UnknownVersion,
        "'0.30.1'",
        "0.30.0, 0.29.0",
    ),
    "processor": (lambda: CATALOGUE.image("vllm", None, "cpu"), NoImageForProcessor, "for cpu", "gpu"),
    "architecture": (
        lambda: CATALOGUE.image("vllm", None, "cpu", "arm64"),
        NoImageForProcessor,
        "vllm has no image for cpu (arm64)",
        "gpu",
    ),
    "version's processor": (
        lambda: CATALOGUE.image("xgboost", "0.90-1", "gpu"),
        NoImageForProcessor,
        "xgboost:0.90-1",
        "cpu",
    ),
    "image's region": (
        lambda: CATALOGUE.image("tei", None, "gpu").uri("ap-east-2", "amazonaws.com"),
        ImageNotInRegion,
        "tei:2.0.1-tei1.8.2-gpu-py310-cu122-ubuntu22.04 is not in ap-east-2",
        "35 regions",
    ),
    "instance": (
        lambda: CATALOGUE.instance("ml.g5.2xlarg"),
        UnknownInstance,
        "did you mean 'ml.g5.2xlarge'",
        "cfgen",
    ),
    "ml. forgotten": (
        lambda: CATALOGUE.instance("g5.2xlarge"),
        UnknownInstance,
        "did you mean 'ml.g5.2xlarge'",
        "cfgen",
    ),
    "unpriced": (
        lambda: CATALOGUE.instance("ml.p3.2xlarge"),
        UnknownInstance,
        "no region has a hosting price",
        "cfgen",
    ),
    "unlisted": (lambda: CATALOGUE.instance("ml.t3.medium"), UnknownInstance, "does not accept it", "cfgen"),
    "region": (lambda: CATALOGUE.region("eu-wst-1"), UnknownRegion, "did you mean 'eu-west-1'", "us-east-1"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_failures_say_what_was_meant_and_what_exists(case: str) -> None:
    ask, error, message, hint = FAILURES[case]
    with pytest.raises(error) as caught:
        ask()
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.exit_code == 1


@given(st.text(max_size=30), st.one_of(st.none(), st.text(max_size=20)), st.text(max_size=10))
def test_any_words_at_all_give_an_image_or_a_clean_error(
    family: str, version: str | None, processor: str
) -> None:
    for ask in (
        lambda: CATALOGUE.image(family, version, processor),
        lambda: CATALOGUE.image("vllm", version, "gpu"),
        lambda: CATALOGUE.image("tei", None, processor),
        lambda: CATALOGUE.instance(family),
        lambda: CATALOGUE.region(family),
    ):
        with suppress(CatalogueError):
            ask()


def test_damaged_data_is_a_clean_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cfgen.catalogue, "_bundled", None)
    monkeypatch.setattr(cfgen.catalogue, "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(DataError, match="cannot be read"):
        load()


def test_names_that_do_not_exist_are_no_attributes() -> None:
    with pytest.raises(AttributeError):
        cfgen.catalogue.nothing  # noqa: B018


def test_every_exported_name_is_there() -> None:
    for name in cfgen.catalogue.__all__:
        assert getattr(cfgen.catalogue, name) is not None


def test_loading_imports_little() -> None:
    """A render pays for this import: no YAML, no archives, no errors before there is one."""
    code = (
        "import sys; before = set(sys.modules); import cfgen.catalogue as c\n"
        "k = c.load(); k.image('tgi', None, 'gpu').uri('eu-west-1', k.region('eu-west-1').url_suffix)\n"
        "k.instance('ml.g5.2xlarge').regions\n"
        "print(*(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"yaml", "pydantic", "pathlib", "subprocess", "zipfile", "click", "difflib"}
    assert {name for name in loaded if name.startswith("cfgen.")} == {
        "cfgen.catalogue",
        "cfgen.catalogue.catalogue",
        "cfgen.catalogue.families",
        "cfgen.catalogue.model",
        "cfgen.catalogue.versions",
    }


# -- versions

VERSIONS = st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,4}){0,3}", fullmatch=True)


@pytest.mark.parametrize(
    "ordered",
    [
        ["0.9.0", "0.10.0", "0.30.0", "1.0.0"],
        ["1", "1.0", "1.0.0", "1.0.1"],
        ["1.0.dev1", "1.0a1", "1.0b1", "1.0rc1", "1.0", "1.0.post1", "1.0.1"],
        ["23.12", "24.01", "24.09", "25.04"],
        ["0.90-1", "0.90-2", "1.0-1", "1.2-1", "1.2-2", "3.0-5"],
        ["1.4-2", "1.4-2-py312", "1.9-0"],
        ["b9522", "b10001"],
        ["latest", "0.1"],
    ],
)
def test_version_order(ordered: list[str]) -> None:
    shuffled = [*ordered[1::2], *ordered[::2]]
    assert sorted(shuffled, key=version_key) == ordered


@given(st.lists(VERSIONS, max_size=8))
def test_version_order_is_that_of_packaging(versions: list[str]) -> None:
    from packaging.version import Version

    # packaging takes 1 and 1.0 for equal; here the longer one is more specific, and so newer
    assert [Version(v) for v in sorted(versions, key=version_key)] == sorted(map(Version, versions))


@given(st.text(max_size=20), st.text(max_size=20))
def test_version_order_is_total(left: str, right: str) -> None:
    assert (version_key(left) < version_key(right)) or (version_key(left) >= version_key(right))


@pytest.mark.parametrize(
    ("tag", "cuda"),
    [
        ("0.30.0-gpu-py312-cu130-ubuntu24.04-sagemaker", "13.0"),
        ("1.0-gpu-cu92-ubuntu", "9.2"),
        ("2.7.0-tgi3.3.6-gpu-py311-cu124-ubuntu22.04", "12.4"),
        ("server-sagemaker-cuda-v2.6", None),
        ("2.6.0-cpu-py312", None),
        ("x-cu1300", None),
    ],
)
def test_cuda_in_tag(tag: str, cuda: str | None) -> None:
    assert cuda_in_tag(tag) == cuda


def test_catalogue_is_not_tied_to_the_bundled_files() -> None:
    empty = Catalogue(
        {"sources": [], "families": {}},
        {"sources": [], "types": {}, "unpriced": [], "unlisted": []},
        {"sources": [], "regions": {}},
    )
    assert (empty.families(), len(empty.instances), empty.version) == ((), 0, "")
    with pytest.raises(UnknownFamily):
        empty.image("vllm", None, "gpu")
