"""The bundled list of JumpStart's models, against what the published package says of twenty of different kinds.

``jumpstart_expected.json`` was taken from ``jumpstart-models.json`` of @cdklabs/generative-ai-cdk-constructs 0.1.318
by a script of a few lines that shares nothing with cfgen: the newest version (by its numbers) that names any image
and is no model package; the prepacked key, else the other; the environment with the family's and then the type's
over it, without SAGEMAKER_SUBMIT_DIRECTORY; the image by the family's alias in some regions.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cfgen.catalogue import load as load_catalogue
from cfgen.catalogue.data_files import DATA
from cfgen.catalogue.errors import DataError, UnknownJumpStartModel, UnknownJumpStartVersion
from cfgen.catalogue.jumpstart import JumpStart, load
from cfgen.catalogue.jumpstart_pack import pack
from cfgen.catalogue.jumpstart_refresh import _entry
from cfgen.catalogue.refresh import dump

EXPECTED = json.loads((Path(__file__).parent / "jumpstart_expected.json").read_text(encoding="utf-8"))
MODELS = load()
LLAMA = "meta-textgeneration-llama-3-1-8b-instruct"


@pytest.mark.parametrize("model_id", EXPECTED)
def test_field_by_field(model_id: str) -> None:
    """Twenty models of different kinds; ``why`` says which kind each is."""
    expected: dict[str, Any] = EXPECTED[model_id]
    release = MODELS.release(model_id)
    assert release.version == expected["version"]
    assert MODELS.newest(model_id).version == expected["newest"]
    assert len(MODELS.versions(model_id)) == expected["versions"]
    assert release.instance_type == expected["default"]
    assert list(release.instance_types) == expected["types"]
    assert release.key == expected["key"]
    assert (release.gated, release.eula) == (expected["gated"], expected["eula"])
    base = release.environment_on(release.instance_type)
    assert list(base.items()) == list(expected["environment"].items())
    for kind in release.instance_types:
        wanted = base | expected["environment_differs"].get(kind, {})
        assert release.environment_on(kind) == {
            name: text for name, text in wanted.items() if text is not None
        }
        image = release.image(kind)
        assert image is not None
        assert len(image.in_region) == expected["image_regions"][kind]
    for group in expected["images"]:
        for kind in group["types"]:
            image = release.image(kind)
            assert image is not None
            for region, uri in group["uris"].items():
                account, name = image.in_region[region]
                suffix = load_catalogue().region(region).url_suffix
                assert f"{account}.dkr.ecr.{region}.{suffix}/{name}" == uri


def test_the_whole_list() -> None:
    """Figures of the package: a refresh that moves one is no fault by itself."""
    assert len(MODELS.ids) == 338
    assert sum(len(MODELS.versions(name)) for name in MODELS.ids) == 8220
    assert all(MODELS.release(name).usable for name in MODELS.ids)
    behind = [name for name in MODELS.ids if MODELS.newest(name).version != MODELS.release(name).version]
    assert len(behind) == 34
    retired = [name for name in MODELS.ids if MODELS.release(name).instance_type == "ml.p3.2xlarge"]
    assert len(retired) == 119
    assert "ml.p3.2xlarge" not in load_catalogue().instances
    assert sum(MODELS.release(name).gated for name in MODELS.ids) == 58
    assert len(MODELS.regions) == 46


def test_the_file_is_compact_and_written_as_the_refresh_writes_it() -> None:
    text = (DATA / "jumpstart.json").read_text(encoding="utf-8")
    assert len(text) < 500_000
    assert dump(json.loads(text)) == text


def test_nothing_is_lost_in_the_compact_form() -> None:
    """Every version read out and packed again is the same file."""
    table = json.loads((DATA / "jumpstart.json").read_bytes())
    entries = [_entry(release) for name in MODELS.ids for release in MODELS.releases(name)]
    packed = pack(entries, MODELS.regions)
    assert packed == {key: table[key] for key in packed}


def test_image_accounts_are_those_of_the_image_catalogue() -> None:
    """The list has accounts of its own; the ones of AWS's deep learning containers must agree."""
    known = load_catalogue().image("djl-lmi", None, "gpu").accounts
    image = MODELS.release(LLAMA).images[0]
    shared = known.keys() & image.in_region.keys()
    assert len(shared) > 20
    assert {region: image.in_region[region][0] for region in shared} == {
        region: known[region] for region in shared
    }


@pytest.mark.parametrize(
    ("version", "found"),
    [
        (None, "2.2.4"),
        ("latest", "2.2.4"),
        ("*", "2.2.4"),
        ("2.2.1", "2.2.1"),
        ("1", "1.0.0"),
        ("2.2.*", "2.2.4"),
    ],
)
def test_versions_by_their_beginning(version: str | None, found: str) -> None:
    """Of those that begin so, the newest that can be served."""
    assert MODELS.release(LLAMA, version).version == found


def test_a_version_that_lists_no_image() -> None:
    assert not MODELS.release(LLAMA, "2.6.0").usable
    assert not MODELS.release(LLAMA, "2.6").usable
    assert MODELS.release(LLAMA, "2.6.0").image("ml.g5.4xlarge") is None


def test_a_version_that_is_a_model_package() -> None:
    release = next(one for one in MODELS.releases("meta-textgeneration-llama-2-7b-f") if one.packages)
    assert not release.usable
    assert release.packages["us-east-1"].startswith("arn:aws:sagemaker:us-east-1:")


def test_unknown_ids_and_versions() -> None:
    with pytest.raises(UnknownJumpStartModel) as caught:
        MODELS.release("meta-textgeneration-llama-3-1-8b-instuct")
    assert "did you mean meta-textgeneration-llama-3-1-8b-instruct" in caught.value.message
    with pytest.raises(UnknownJumpStartModel, match=r"no JumpStart model 'zz'$"):
        MODELS.versions("zz")
    with pytest.raises(UnknownJumpStartModel, match="meta-textgeneration-llama-3-1-8b"):
        MODELS.newest("meta/llama-3-1-8b")  # by its words, where the spelling is far off
    with pytest.raises(UnknownJumpStartVersion) as version:
        MODELS.release(LLAMA, "9.9.9")
    assert "Versions, newest first: 2.6.0" in version.value.hint


def test_a_damaged_installation(tmp_path: Path) -> None:
    (tmp_path / "jumpstart.json").write_text("{}")
    with pytest.raises(DataError):
        load(tmp_path)
    with pytest.raises(DataError):
        load(tmp_path / "none")


def test_without_a_table_of_models() -> None:
    assert JumpStart({"regions": [], "models": {}, "sources": []}).ids == ()
