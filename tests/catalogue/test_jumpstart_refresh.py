"""Refreshing JumpStart's list: from packages, from the live list on loopback, and all that can go wrong."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.catalogue.jumpstart_lists import aliases, folder, live, row, rows, spec

from cfgen.catalogue import jumpstart_live, jumpstart_package
from cfgen.catalogue import jumpstart_refresh as refresh
from cfgen.catalogue.jumpstart import JumpStart, Release
from cfgen.catalogue.jumpstart_live import entry_of
from cfgen.catalogue.refresh_sources import RefreshError, in_folder
from cfgen.cli import cli, main

TINY = "huggingface-llm-tiny"


def table(tmp_path: Path, *listed: dict[str, Any]) -> refresh.Table:
    """The table of these rows."""
    return refresh.from_packages(in_folder(folder(tmp_path / "packages", rows(*listed)), refresh.PACKAGES))


def only(made: refresh.Table, version: str | None = None) -> Release:
    """The one model of a table."""
    return JumpStart(made).release(TINY, version)


def run(*words: object) -> tuple[int, str, str]:
    """``cfgen catalog refresh --models …``"""
    result = CliRunner().invoke(cli, ["catalog", "refresh", "--models", *map(str, words)], prog_name="cfgen")
    return result.exit_code, result.stdout, result.stderr or str(result.exception)


# -- from packages


def test_a_row_of_the_package(tmp_path: Path) -> None:
    release = only(table(tmp_path, row()))
    assert release.key == f"{TINY}/prepack/v1.0.0/"
    assert release.environment == {"HF_MODEL_ID": "/opt/ml/model", "WORKERS": "1"}
    assert (release.gated, release.bucket) == (True, "jumpstart-private-cache-prod-")
    assert release.eula_url.endswith(".amazonaws.com/fmhMetadata/eula/tiny.txt")
    assert release.image("ml.g5.48xlarge") is not None
    assert release.image("ml.g6.xlarge") is None
    assert release.isolated is None


def test_the_order_of_the_environment(tmp_path: Path) -> None:
    """The model's, then the family's over it, then the type's."""
    release = only(table(tmp_path, row()))
    assert release.environment_on("ml.g5.xlarge") == {
        "HF_MODEL_ID": "/opt/ml/model",
        "WORKERS": "1",
        "FAMILY": "g5",
        "BOTH": "family",
    }
    assert release.environment_on("ml.g5.12xlarge")["BOTH"] == "type"
    assert release.environment_on("ml.g6.xlarge") == release.environment


def test_regions_are_those_with_buckets_of_the_usual_names(tmp_path: Path) -> None:
    assert JumpStart(table(tmp_path, row())).regions == {"us-east-1", "eu-west-1", "ap-east-1", "us-west-2"}


def test_versions_are_sorted_by_number_and_the_same_are_written_once(tmp_path: Path) -> None:
    made = table(
        tmp_path, row(version="1.9.0"), row(version="1.10.0"), row(version="1.2.0", gatedBucket=None)
    )
    assert JumpStart(made).versions(TINY) == ("1.10.0", "1.9.0", "1.2.0")
    assert [one[0] for one in made["models"][TINY]] == [["1.10.0", "1.9.0"], ["1.2.0"]]


def test_the_other_key_where_nothing_is_prepacked(tmp_path: Path) -> None:
    assert only(table(tmp_path, row(prepackedArtifactKey=None))).key == f"{TINY}/v1.0.0/"


def test_an_image_that_differs_by_region(tmp_path: Path) -> None:
    regional = aliases("djl-inference:0.28.0-lmi10.0.0-cu124")
    regional["ap-east-1"] = aliases("djl-inference:0.27.0-deepspeed0.12.6-cu121")["ap-east-1"]
    listed = [{"region": region, "aliases": one} for region, one in regional.items()]
    image = only(table(tmp_path, row(instanceAliases=listed))).images[0]
    assert image.name == "djl-inference:0.28.0-lmi10.0.0-cu124"
    assert image.in_region["ap-east-1"] == ("871362719292", "djl-inference:0.27.0-deepspeed0.12.6-cu121")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prepackedArtifactKey": "a/${Secret}/"}, "artifact key"),
        ({"prepackedArtifactKey": "no-slash"}, "artifact key"),
        ({"version": "1.0-beta"}, "version"),
        ({"modelId": "../up"}, "model id"),
        ({"requiresEula": "eula.txt?x=1"}, "licence key"),
        ({"environment": None}, "unknown shape"),
        (
            {"instanceAliases": [{"region": "us-east-1", "aliases": {"a": "x.dkr.ecr.y/z"}}]},
            "not an Amazon ECR",
        ),
        (
            {"instanceAliases": [{"region": "us-west-2", "aliases": aliases("a:b")["us-east-1"]}]},
            "listed for us-west-2",
        ),
    ],
)
def test_a_row_that_is_odd_is_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    """What is read ends up in templates."""
    with pytest.raises(RefreshError, match=said):
        table(tmp_path, row(**changes))


@pytest.mark.parametrize("text", [b"[]", b'{"data": [300]}', b'{"data": [1, 2]}', b"{}", b"not JSON"])
def test_a_list_of_another_shape(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(RefreshError):
        refresh.from_packages(in_folder(folder(tmp_path, text), refresh.PACKAGES))


def test_a_list_that_is_far_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jumpstart_package, "_LARGEST_LIST", 100)
    with pytest.raises(RefreshError, match="over 100 bytes"):
        table(tmp_path, row())


def test_regions_of_another_shape(tmp_path: Path) -> None:
    with pytest.raises(RefreshError, match="unknown shape"):
        refresh.from_packages(in_folder(folder(tmp_path, rows(row()), {"us-east-1": []}), refresh.PACKAGES))


def test_an_account_that_moved_is_a_group_of_its_own(tmp_path: Path) -> None:
    """As when the live list has newer accounts than the versions that stay; the comparison tells of it."""
    other = aliases("other:1")
    other["eu-west-1"] = {"alias_ecr_uri_1": "111111111111.dkr.ecr.eu-west-1.amazonaws.com/other:1"}
    listed = [{"region": region, "aliases": one} for region, one in other.items()]
    before = table(tmp_path / "before", row())
    after = table(tmp_path / "after", row(), row(version="1.1.0", instanceAliases=listed))
    assert set(after["accounts"]) == {"763104351884", "763104351884-2"}
    assert only(after, "1.0.0").images[0].in_region["eu-west-1"][0] == "763104351884"
    assert only(after).images[0].in_region["eu-west-1"][0] == "111111111111"
    assert refresh.compare(before, after).accounts == ("eu-west-1: 763104351884 → 111111111111",)


def test_the_command_writes_what_changed(tmp_path: Path) -> None:
    packages, target = folder(tmp_path / "p", rows(row())), tmp_path / "data"
    code, out, _ = run("--from", packages, "--to", target)
    assert code == 0
    assert f"  + {TINY}@1.0.0" in out.splitlines()
    first = (target / "jumpstart.json").read_bytes()
    assert run("--from", packages, "--to", target)[1].splitlines()[-1] == "model versions: 1 → 1 (unchanged)"
    assert (target / "jumpstart.json").read_bytes() == first
    folder(tmp_path / "p", rows(row(version="1.1.0", defaultInstanceType="ml.g5.12xlarge"), row()))
    assert "~" in run("--from", packages, "--to", target, "--dry-run")[1]
    assert (target / "jumpstart.json").read_bytes() == first


def test_losses_and_other_accounts_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packages, target = folder(tmp_path / "p", rows(row(), row(version="1.1.0"))), tmp_path / "data"
    run("--from", packages, "--to", target)
    before = (target / "jumpstart.json").read_bytes()
    odd = aliases("x:1")
    odd["ap-east-1"]["alias_ecr_uri_1"] = "111111111111.dkr.ecr.ap-east-1.amazonaws.com/x:1"
    folder(
        tmp_path / "p",
        rows(row(instanceAliases=[{"region": name, "aliases": one} for name, one in odd.items()])),
    )
    with pytest.raises(SystemExit) as caught:
        main(["catalog", "refresh", "--models", "--from", str(packages), "--to", str(target)])
    assert caught.value.code == 1
    err = capsys.readouterr().err
    assert "model versions: lost 1 of 2" in err
    assert "registry accounts changed: 1" in err
    assert (target / "jumpstart.json").read_bytes() == before
    accepted = ["--accept-losses", "--accept-account-changes"]
    assert run("--from", packages, "--to", target, *accepted)[0] == 0


def test_a_damaged_table_is_not_compared_with(tmp_path: Path) -> None:
    (tmp_path / "jumpstart.json").write_text("[]")
    with pytest.raises(RefreshError, match="cannot read"):
        refresh.read(tmp_path)
    assert refresh.read(tmp_path / "none") is None


def test_npm_downloads_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """npm pack, and pip for the other; both stand-ins that copy files here."""
    packages = folder(tmp_path / "p", rows(row()))

    def npm(command: list[str], cwd: Path, **_: Any) -> subprocess.CompletedProcess[str]:
        assert command[1:] == ["pack", "--silent", "--ignore-scripts", jumpstart_package.NPM_NAME]
        name = "cdklabs-generative-ai-cdk-constructs-0.1.9.tgz"
        (Path(cwd) / name).write_bytes((packages / name).read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    def pip(names: list[str], place: str) -> None:
        assert names == ["sagemaker-core"]
        name = "sagemaker_core-2.0.0-py3-none-any.whl"
        (Path(place) / name).write_bytes((packages / name).read_bytes())

    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/npm")
    monkeypatch.setattr("subprocess.run", npm)
    monkeypatch.setattr("cfgen.catalogue.refresh_sources._pip_download", pip)
    assert only(refresh.from_packages_in()).version == "1.0.0"


def test_without_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(RefreshError, match="npm is not installed") as caught:
        jumpstart_package.npm_pack(tmp_path)
    assert "npm pack @cdklabs/generative-ai-cdk-constructs" in caught.value.hint


@pytest.mark.parametrize("failure", [OSError("no such file"), subprocess.TimeoutExpired("npm", 1), 1])
def test_npm_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Any) -> None:
    def npm(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        if isinstance(failure, Exception):
            raise failure
        return subprocess.CompletedProcess(command, failure, "", "npm error code E404\n")

    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/npm")
    monkeypatch.setattr("subprocess.run", npm)
    with pytest.raises(RefreshError, match="npm pack failed"):
        jumpstart_package.npm_pack(tmp_path)


# -- the live list


def test_the_live_list_over_the_present_one(tmp_path: Path) -> None:
    """Newest versions come from the live list; older ones stay."""
    target = tmp_path / "data"
    run("--from", folder(tmp_path / "p", rows(row())), "--to", target)
    with live(spec(), spec(version="1.9.0")) as base:
        code, out, err = run("--live", base, "--to", target)
    assert code == 0, err
    assert f"  ~ {TINY}: 1.0.0 huggingface-pytorch-tgi-inference" in out
    models = JumpStart(json.loads((target / "jumpstart.json").read_bytes()))
    assert models.versions(TINY) == ("2.0.0", "1.0.0")  # of each model the newest alone
    release = models.release(TINY)
    assert release.environment == {"HF_MODEL_ID": "/opt/ml/model", "SAGEMAKER_MODEL_SERVER_WORKERS": "1"}
    assert release.environment_on("ml.g6.12xlarge")["OPTION_TENSOR_PARALLEL_DEGREE"] == "4"
    assert (release.isolated, release.vulnerable, release.deprecated) == (False, True, False)
    assert (release.min_sdk, release.framework) == ("2.200.0", "djl-inference")
    assert models.sources[-1]["package"] == "jumpstart"
    assert models.sources[-1]["file"].startswith("http://127.0.0.1")
    again = refresh.from_live(jumpstart_live.Live((), {}, b"[]"), refresh.read(target) or {}, "x")
    assert [one["package"] for one in again["sources"]].count("jumpstart") == 1


CONFIGURED: dict[str, Any] = {
    "hosting_instance_type_variants": None,
    "inference_configs": {
        "draft": {"component_names": ["draft"]},
        "lmi": {"component_names": ["base", "lmi"]},
        "tgi": {"component_names": ["tgi"]},
    },
    "inference_config_rankings": {"overall": {"description": "", "rankings": ["draft", "lmi", "tgi"]}},
    "inference_config_components": {
        "draft": {"hosting_additional_data_sources": {"speculative_decoding": [{"channel_name": "draft"}]}},
        "base": {"default_inference_instance_type": "ml.g5.2xlarge", "deprecated": True},
        "lmi": {
            "version": "9",
            "hosting_prepacked_artifact_key": "lmi/v3/",
            "hosting_instance_type_variants": {
                "regional_aliases": aliases("djl-inference:0.30.0-lmi12.0.0-cu124"),
                "variants": {"g5": {"regional_properties": {"image_uri": "$alias_ecr_uri_1"}}},
            },
        },
    },
}


def test_a_configuration_is_laid_over_the_specification() -> None:
    """The first by rank that CloudFormation can express: not the one with a draft model."""
    entry = entry_of(spec(**CONFIGURED))
    assert not isinstance(entry, str)
    assert (entry.version, entry.key, entry.instance_type) == ("2.0.0", "lmi/v3/", "ml.g5.2xlarge")
    assert entry.deprecated is False
    assert entry.images[0][1][0][0] == "djl-inference:0.30.0-lmi12.0.0-cu124"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"hosting_prepacked_artifact_key": None, "hosting_use_script_uri": True}, "not packed"),
        ({"hosting_prepacked_artifact_key": None, "hosting_artifact_key": None}, "no files"),
        ({"default_inference_instance_type": None}, "not for hosting"),
        ({"hosting_additional_data_sources": {"scripts": [{}]}}, "additional data sources"),
    ],
)
def test_what_cannot_be_served_is_left_out(changes: dict[str, Any], why: str) -> None:
    assert why in str(entry_of(spec(**changes)))


def test_types_with_files_of_their_own_are_left_out() -> None:
    """Compiled models for Inferentia, say: a template names one set of files."""
    hosting = spec()["hosting_instance_type_variants"]
    own = {"regional_properties": {"image_uri": "$lmi"}, "properties": {"prepacked_artifact_key": "neuron/"}}
    hosting["variants"]["inf2"] = own
    types = ["ml.g6.xlarge", "ml.inf2.xlarge"]
    entry = entry_of(spec(hosting_instance_type_variants=hosting, supported_inference_instance_types=types))
    assert not isinstance(entry, str)
    assert entry.instance_types == ("ml.g6.xlarge",)
    assert [families for families, _ in entry.images] == [("g6",)]
    hosting["variants"]["ml.g6.xlarge"] = {"properties": {"artifact_key": "g6/"}}
    assert entry_of(spec(hosting_instance_type_variants=hosting)) == "its files differ by instance type"


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    with live(spec(), spec("huggingface-llm-script", hosting_additional_data_sources={"a": [1]})) as base:
        code, _, err = run("--live", base, "--to", tmp_path, "--dry-run", "--accept-losses")
    assert code == 0
    assert "huggingface-llm-script" in err
    assert "additional data sources" in err


def test_a_model_package_of_the_live_list() -> None:
    entry = entry_of(spec(hosting_model_package_arns={"us-east-1": "arn:x"}))
    assert not isinstance(entry, str)
    assert (entry.key, dict(entry.packages)) == ("", {"us-east-1": "arn:x"})


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"/models_manifest.json": (404, b"")}, "answered 404"),
        ({"/models_manifest.json": (503, b"")}, "answered 503"),
        ({"/models_manifest.json": (200, b"<html>")}, "is not JSON"),
        ({"/models_manifest.json": (200, b'{"a": 1}')}, "unknown shape"),
        (
            {f"/community_models/{TINY}/specs_v2.0.0.json": (200, b'{"inference_configs": 1}')},
            "unknown shape",
        ),
        ({f"/community_models/{TINY}/specs_v2.0.0.json": (200, b"[]")}, "unknown shape"),
        ({f"/community_models/{TINY}/specs_v2.0.0.json": (403, b"")}, "answered 403"),
    ],
)
def test_a_live_list_that_fails(
    answers: dict[str, tuple[int, bytes]], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    with live(spec(), answers=answers) as base, pytest.raises(RefreshError, match=said):
        jumpstart_live.read(base)


def test_a_connection_that_breaks_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    with live(spec(), answers={"/models_manifest.json": (0, b"")}) as base:
        assert len(jumpstart_live.read(base).entries) == 1


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    with live() as base:
        pass
    with pytest.raises(RefreshError, match="cannot read") as caught:
        jumpstart_live.read(base)
    assert "--from" in caught.value.hint


def test_an_answer_that_is_far_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jumpstart_live, "_LARGEST", 10)
    with live(spec()) as base, pytest.raises(RefreshError, match="over 10 bytes"):
        jumpstart_live.read(base)


def test_where_the_live_list_is() -> None:
    assert (
        jumpstart_live.address("cn-north-1", "amazonaws.com.cn")
        == "https://jumpstart-cache-prod-cn-north-1.s3.cn-north-1.amazonaws.com.cn"
    )
    with pytest.raises(RefreshError, match="not a web address"):
        jumpstart_live.read("file:///etc")


@pytest.mark.parametrize("words", [["--live", "us-east-1", "--from", "."], []])
def test_live_goes_with_models_alone(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    command = ["catalog", "refresh", *(["--models", *words] if words else ["--live", "us-east-1"])]
    with pytest.raises(SystemExit) as caught:
        main(command)
    assert caught.value.code == 2
    assert "--live goes with --models" in capsys.readouterr().err


def test_a_region_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["catalog", "refresh", "--models", "--live", "us-east-9"])
    assert caught.value.code == 1
    assert "no region 'us-east-9'" in capsys.readouterr().err


def test_run_is_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a folder it says what it downloads."""
    said: list[Callable[..., Any]] = []

    def made(folder: Path | None = None) -> Any:
        said.append(lambda: folder)
        raise RefreshError("stopped here")

    monkeypatch.setattr(refresh, "from_packages_in", made)
    _, _, err = run()
    assert "Downloading sagemaker-core, cdklabs-generative-ai-cdk-constructs" in err
    assert said[0]() is None
