"""Stacks whose models are built live and die: content comes, changes, comes back, is kept or goes."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import tarfile
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.build.world import CODE, WEIGHTS, World, files
from tests.specs import CONTAINER, changed

TWO = [{"id": "org/one"}, {"id": "org/two"}]
ARTIFACT = ["README.md", "code/inference.py", "config.json", "model.safetensors"]


def whole(world: World, names: list[str]) -> None:
    """The bucket holds the artifact in use and its manifest, and nothing else."""
    prefix = world.prefix()
    assert world.objects() == sorted([f"{prefix.rstrip('/')}.json", *(f"{prefix}{one}" for one in names)])


def test_content_comes_changes_comes_back_and_goes(world: World) -> None:
    first = world.text()
    end = world.deploy(first)
    assert end.status == "CREATE_COMPLETE", end
    old = world.prefix()
    whole(world, ARTIFACT)
    assert world.ask({"inputs": "x"}) == {"inputs": "x"}
    with pytest.raises(ClientError, match="No updates are to be performed"):
        world.update(first)
    world.commit("org/one", files(b"other weights"))
    end = world.deploy(world.text())
    assert end.status == "UPDATE_COMPLETE", end
    assert world.prefix() != old
    whole(world, ARTIFACT)
    end = world.deploy(first)
    assert end.status == "UPDATE_COMPLETE", end
    assert world.prefix() == old
    whole(world, ARTIFACT)
    assert [one["buildStatus"] for one in world.builds()] == ["SUCCEEDED"] * 3
    assert world.delete().status == "DELETE_COMPLETE"
    world.nothing_left()


def test_variants_have_files_of_their_own_which_come_and_go_with_them(world: World) -> None:
    world.commit("org/two", files(b"other weights"))
    variants = [{"name": "current"}, {"name": "next", "model": {"modelId": "org/two"}}]
    one, both = world.text(), world.text(variants=variants)
    for text, builds in ((one, 1), (both, 2), (one, 1), (both, 2)):
        end = world.deploy(text)
        assert end.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}, end
        prefixes = {key.split("/")[1] for key in world.objects() if key.count("/") > 1}
        assert len(prefixes) == builds, world.objects()
        assert {
            one.removeprefix("s3://").split("/")[2]
            for key, one in world.outputs().items()
            if "ModelFiles" in key
        } == prefixes
    assert world.delete().status == "DELETE_COMPLETE"
    world.nothing_left()


def test_what_arrives_is_what_the_hub_has(world: World) -> None:
    commits = {name: world.commit(name, files(os.urandom(9_000_000))) for name in ("org/one", "org/two")}
    end = world.deploy(world.text(model__modelId=TWO))
    assert end.status == "CREATE_COMPLETE", end
    bucket, prefix = world.resource("ModelBucket"), world.prefix()
    s3 = world.client("s3")

    def get(key: str) -> bytes:
        return bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    manifest = json.loads(get(f"{prefix.rstrip('/')}.json"))
    assert {one["id"]: one["commit"] for one in manifest["models"]} == commits
    assert {one["license"] for one in manifest["models"]} == {"apache-2.0"}
    for name, commit in commits.items():
        for path, blob in world.hub.repositories[name].commits[commit].items():
            assert hashlib.sha256(get(f"{prefix}{name}/{path}")).hexdigest() == blob.sha256
    assert get(f"{prefix}code/inference.py") == CODE.encode()
    whole(world, [one["path"] for one in manifest["files"]])


def test_code_and_patterns_are_content_and_the_rest_is_not(world: World) -> None:
    assert world.deploy(world.text()).status == "CREATE_COMPLETE"
    seen = [world.prefix()]
    world.write(CODE + "# changed\n")
    end = world.deploy(world.text())
    assert end.status == "UPDATE_COMPLETE", end
    seen.append(world.prefix())
    end = world.deploy(world.text(build__exclude=["*.md"]))
    assert end.status == "UPDATE_COMPLETE", end
    seen.append(world.prefix())
    assert len(set(seen)) == 3
    whole(world, [one for one in ARTIFACT if one != "README.md"])
    # more instances: no build, the same prefix
    end = world.deploy(world.text(build__exclude=["*.md"], endpoint__instanceCount=2))
    assert end.status == "UPDATE_COMPLETE", end
    assert world.prefix() == seen[-1]
    assert len(world.builds()) == 3
    assert world.delete().status == "DELETE_COMPLETE"
    world.nothing_left()


def test_the_real_aws_cli(world: World) -> None:
    path = world.folder / "template.yaml"
    path.write_text(world.text())
    command = ["cloudformation", "deploy", "--stack-name", world.name, "--template-file", str(path)]
    command += ["--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset"]
    done = world.aws(*command)
    assert done.returncode == 0, done.stderr
    assert "Successfully created/updated stack" in done.stdout
    built = world.builds()
    done = world.aws(*command)
    assert done.returncode == 0, done.stderr
    assert "No changes to deploy" in done.stdout
    assert world.builds() == built
    out = str(world.folder / "answer.json")
    ask = ["sagemaker-runtime", "invoke-endpoint", "--endpoint-name", world.outputs()["EndpointName"]]
    done = world.aws(*ask, "--body", '{"inputs": "x"}', out)
    assert done.returncode == 0, done.stderr
    assert json.loads(Path(out).read_text()) == {"inputs": "x"}


def test_what_is_kept_on_purpose(world: World) -> None:
    text = world.text(build__retainOnDelete=True)
    assert world.deploy(text).status == "CREATE_COMPLETE"
    bucket, kept = world.resource("ModelBucket"), world.objects()
    world.commit("org/one", files(b"other weights"))
    end = world.deploy(world.text(build__retainOnDelete=True))
    assert end.status == "UPDATE_COMPLETE", end
    assert set(kept) < set(world.objects()), "the artifact of before is kept too"
    kept = world.objects()
    assert world.delete().status == "DELETE_COMPLETE"
    assert world.machinery() == [f"bucket {bucket}"]
    assert world.objects(bucket) == kept


def test_a_failed_create_keeps_nothing_even_on_purpose(world: World) -> None:
    world.hub.fault("", origin="cdn", corrupt=True, times=9)
    assert world.deploy(world.text(build__retainOnDelete=True)).status == "ROLLBACK_COMPLETE"
    world.nothing_left()


def test_one_archive(world: World) -> None:
    end = world.deploy(world.text(build__archive="tar.gz"))
    assert end.status == "CREATE_COMPLETE", end
    whole(world, ["model.tar.gz"])
    assert world.served().endswith("/model.tar.gz")
    bucket, _, key = world.served().removeprefix("s3://").partition("/")
    data = gzip.decompress(world.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        assert sorted(archive.getnames()) == ARTIFACT
        member = archive.extractfile("model.safetensors")
        assert member is not None
        assert member.read() == WEIGHTS
    assert world.delete().status == "DELETE_COMPLETE"
    world.nothing_left()


def test_two_stacks_of_one_spec(world: World) -> None:
    other = World(world.sandbox, world.hub, world.folder, world.catalogue)
    text = world.text()
    world.create(text)
    other.create(text)
    assert {world.follow().status, other.follow().status} == {"CREATE_COMPLETE"}
    assert world.prefix() == other.prefix()
    assert world.resource("ModelBucket") != other.resource("ModelBucket")
    objects = other.objects()
    assert world.delete().status == "DELETE_COMPLETE"
    assert other.objects() == objects
    assert other.ask({"inputs": "x"}) == {"inputs": "x"}
    assert other.delete().status == "DELETE_COMPLETE"
    world.nothing_left()


def test_a_container_staged_to_s3(world: World) -> None:
    world.commit("org/llm", files(model__pickle=b"x"))
    revision = world.commit("org/llm", files())
    spec = changed(CONTAINER, model__modelId="org/llm", model__revision=revision, model__staging="s3")
    end = world.deploy(world.text(**spec, build=..., smokeTest={"body": {"inputs": "x"}}))
    assert end.status == "CREATE_COMPLETE", end
    whole(world, ["README.md", "config.json", "model.safetensors"])
    assert world.delete().status == "DELETE_COMPLETE"
    world.nothing_left()


def test_code_too_large_to_embed(world: World) -> None:
    world.write("DATA = '" + os.urandom(20_000).hex() + "'\n", "large.py")
    from cfgen.pipeline import render_spec

    template = render_spec(world.spec(), world.catalogue)
    (asset,) = template.assets
    s3 = world.client("s3")
    s3.create_bucket(Bucket="assets")
    s3.put_object(Bucket="assets", Key=f"some/where/{asset.name}", Body=asset.data)
    end = world.deploy(world.text(), AssetBucket="assets", AssetPrefix="some/where/")
    assert end.status == "CREATE_COMPLETE", end
    whole(world, [*ARTIFACT, "code/large.py"])
    assert world.delete().status == "DELETE_COMPLETE"
    assert world.machinery() == ["bucket assets"]
    # the archive is another one than the template was made with, or none
    for data, reason in ((b"something else", "not the one"), (None, "NoSuchKey|AccessDenied|Access Denied")):
        s3.delete_object(Bucket="assets", Key=f"some/where/{asset.name}")
        if data:
            s3.put_object(Bucket="assets", Key=f"some/where/{asset.name}", Body=data)
        world.name += "-bad"
        end = world.deploy(world.text(), AssetBucket="assets", AssetPrefix="some/where/")
        assert end.status == "ROLLBACK_COMPLETE"
        assert any(one in end.reason for one in reason.split("|")), end
        assert world.machinery() == ["bucket assets"]


def test_a_permissions_boundary(world: World) -> None:
    iam = world.client("iam")
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [allowed]}
    arn = iam.create_policy(PolicyName="bound", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    end = world.deploy(world.text(), PermissionsBoundaryArn=arn)
    assert end.status == "CREATE_COMPLETE", end
    for one in iam.list_roles()["Roles"]:
        role = iam.get_role(RoleName=one["RoleName"])["Role"]
        assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn, role["RoleName"]
    assert world.delete().status == "DELETE_COMPLETE"
    world.nothing_left()
    # a boundary too narrow for the build: refused in seconds
    document["Statement"].append({"Effect": "Deny", "Action": "s3:PutObject", "Resource": "*"})
    narrow = iam.create_policy(PolicyName="narrow", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    world.name += "-narrow"
    end = world.deploy(world.text(), PermissionsBoundaryArn=narrow)
    assert end.status == "ROLLBACK_COMPLETE"
    assert "exit status 1" in end.reason, end  # not even the reason can be written to S3
    assert end.seconds < 40
    world.nothing_left()
    for one in (arn, narrow):
        iam.delete_policy(PolicyArn=one)
