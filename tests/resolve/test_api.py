"""The front door: what containers answer, what is refused and where, and the template it becomes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cfgen import document
from cfgen.pipeline import render_spec
from cfgen.render import serverless
from cfgen.render.errors import BadPart, RenderError
from cfgen.resolve import ResolveError
from cfgen.spec import SpecError, parse_spec
from tests.conftest import ROOT
from tests.specs import CONTAINER, PACKAGE, changed, stack_of, template_of

EXAMPLE = ROOT / "specs" / "openai-api.yaml"
TEI = {"type": "container", "modelId": "BAAI/bge-base-en-v1.5", "container": "tei"}
ON_CPU = {"name": "example", "model": TEI, "endpoint": {"instanceType": "ml.c6i.2xlarge"}}
JWT = {"type": "jwt", "issuer": "https://id.example.com/", "audience": ["chat", "search"]}


def with_container(container: str, model: str = "Qwen/Qwen2.5-7B-Instruct", **api: Any) -> Any:
    named = {"type": "container", "container": container, "modelId": model}
    return stack_of(changed(CONTAINER, model=named, endpoint={"instanceType": "ml.g6e.2xlarge"}, api=api)).api


@pytest.mark.parametrize(
    ("container", "protocol", "offered", "streams"),
    [
        ("vllm", "openai", "chat,completions", True),
        ("lmi", "openai", "chat,completions", True),
        ("tgi", "openai", "chat,completions", True),
        ("sglang", "openai", "chat", True),
        ("tei", "tei", "embeddings", False),
    ],
)
def test_what_is_offered_follows_from_the_container(
    container: str, protocol: str, offered: str, streams: bool
) -> None:
    model = "BAAI/bge-base-en-v1.5" if container == "tei" else "Qwen/Qwen2.5-7B-Instruct"
    plan = with_container(container, model)
    assert (plan.protocol, plan.offered, plan.streams) == (protocol, offered, streams)
    assert json.loads(plan.models) == [model]


def test_a_language_models_server_that_embeds() -> None:
    plan = with_container("vllm", "Qwen/Qwen3-Embedding-0.6B")
    assert (plan.protocol, plan.offered, plan.streams) == ("openai", "embeddings", False)
    # a name is a guess: what is asked for counts
    assert with_container("vllm", "Qwen/Qwen3-Embedding-0.6B", routes=["chat"]).offered == "chat"
    assert with_container("vllm", "org/some-model", routes=["embeddings"]).offered == "embeddings"
    told = changed(CONTAINER, model__env={"SM_VLLM_RUNNER": "pooling"}, api={"routes": ["chat"]})
    with pytest.raises(ResolveError, match="does not answer chat"):
        stack_of(told)


def test_a_protocol_that_is_told() -> None:
    plan = stack_of(changed(PACKAGE, api={"protocol": "openai", "routes": ["chat"]})).api
    assert plan is not None
    assert (plan.offered, json.loads(plan.models)) == ("chat", ["example"])


@pytest.mark.parametrize(
    ("spec", "path", "said"),
    [
        (changed(PACKAGE, api={}), "api", "what the model package speaks is not known"),
        (changed(CONTAINER, model__container="sglang", api={"routes": ["chat", "completions"]}), "api.routes.1", "does not answer completions"),
        (changed(CONTAINER, model__container="vllm", api={"streaming": True, "auth": JWT}), "api.streaming", "checks no JWT"),
        (changed(ON_CPU, api={"streaming": True}), "api.streaming", "embeddings are not streamed"),
        (changed(CONTAINER, model__container="vllm", **{"async": {}}, api={}), "api", "no call that waits"),
        (changed(CONTAINER, model__container="vllm", api={"accessLogs": {"retentionDays": 8}}), "api.accessLogs.retentionDays", "such as 7"),
        (changed(CONTAINER, model__container="vllm", api={"cors": {"origins": ["*", "https://a.example"]}}), "api.cors.origins", "beside other origins"),
        (changed(CONTAINER, model__container="111122223333.dkr.ecr.us-east-1.amazonaws.com/own:1", api={}), "api", "is not known"),
    ],
)  # fmt: skip
def test_what_is_refused_is_refused_at_its_place(spec: dict[str, Any], path: str, said: str) -> None:
    with pytest.raises(ResolveError) as caught:
        stack_of(spec)
    found = [(p.path.replace("[", ".").replace("]", ""), str(p)) for p in caught.value.problems]
    assert any(where == path and said in text for where, text in found), found


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        ("basic", "api.auth: 'basic' is not one of the choices; choose 'iam'"),
        ("{type: basic}", "api.auth.type: 'basic' is not one of the choices; choose: jwt, api-key"),
        ("{issuer: x}", "api.auth.type: is required; choose one of jwt, api-key"),
        ("[jwt]", "api.auth: must not be a list; give a text or a mapping"),
        ("{type: jwt, issuer: 'http://x', audience: [a]}", "api.auth.issuer: 'http://x' is not allowed here; it must be an https address"),
        ("{type: api-key, secrets: x}", "api.auth.secrets: unknown key; did you mean secret?"),
        ("{type: api-key, secret: 'a b'}", "api.auth.secret: 'a b' is not allowed here; it must be name or ARN of a Secrets Manager secret"),
    ],
)  # fmt: skip
def test_a_wrong_auth_is_said_in_words(auth: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(f"name: x\nmodel: {{type: container, container: vllm}}\napi: {{auth: {auth}}}\n")
    assert any(said in str(problem) for problem in caught.value.problems), str(caught.value)


def test_regions_without_function_urls_are_left_out_only_where_one_is_made() -> None:
    lacking = {"us-gov-west-1", "ca-west-1", "eu-central-2"}
    plain = changed(CONTAINER, model__container="vllm", api={})
    with_url = changed(CONTAINER, model__container="vllm", api={"streaming": True})
    assert not lacking & set(stack_of(with_url).regions)
    assert set(stack_of(plain).regions) - set(stack_of(with_url).regions) <= {
        *lacking, "ap-east-2", "ap-south-2", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
        "cn-northwest-1", "il-central-1", "me-central-1", "mx-central-1", "us-gov-east-1",
    }  # fmt: skip


def resources(api: dict[str, Any], form: str = "cfn", **more: Any) -> dict[str, Any]:
    return document.resources(document.load(template_of(changed(ON_CPU, api=api, **more)).text))


def test_the_functions_rights_are_exact() -> None:
    found = resources({"auth": {"type": "api-key", "secret": "search/keys"}})
    statements = found["ApiRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    actions = {one["Sid"]: one["Action"] for one in statements}
    assert actions == {
        "Logs": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Ask": "sagemaker:InvokeEndpoint",
        "Keys": "secretsmanager:GetSecretValue",
        "KeyOfKeys": "kms:Decrypt",
    }
    assert all(one["Resource"] != "*" for one in statements)
    # whichever key it is, by way of Secrets Manager alone
    assert statements[3]["Condition"] == {
        "StringLike": {"kms:ViaService": {"Fn::Sub": "secretsmanager.${AWS::Region}.*"}}
    }
    # a name matches nothing but the secret of that name
    assert found["ApiRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][2]["Resource"][
        "Fn::If"
    ][2] == {
        "Fn::Sub": "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${ApiKeySecret}-??????"
    }
    assert "ApiKeySecret" not in found


@pytest.mark.parametrize(
    ("api", "schemes", "security"),
    [
        ({}, "AWS_IAM", True),
        ({"auth": JWT}, "Token", True),
        ({"auth": {"type": "api-key"}}, "", False),
    ],
)
def test_every_route_is_guarded(api: dict[str, Any], schemes: str, security: bool) -> None:
    body = resources(api)["HttpApi"]["Properties"]["Body"]
    routes = [operation for methods in body["paths"].values() for operation in methods.values()]
    assert len(routes) == 3
    assert [[*one.get("security", [{}])[0]] for one in routes] == [[schemes] if security else []] * 3
    # keys are looked at by the function
    assert (
        security
        or "API_KEY_SECRET" in resources(api)["ApiFunction"]["Properties"]["Environment"]["Variables"]
    )


def test_expanding_changes_nothing_but_how_it_is_written() -> None:
    before = render_spec(EXAMPLE, form="sam").text
    after = document.load(serverless.expand(before))
    sam = serverless._translated(document.load(before))

    def bare(template: dict[str, Any]) -> dict[str, Any]:
        rows = document.resources(template)
        return {name: {k: v for k, v in body.items() if k != "Metadata"} for name, body in rows.items()}

    assert bare(after) == bare(sam)
    assert {k: v for k, v in after.items() if k not in ("Resources", "Transform")} == {
        k: v for k, v in sam.items() if k not in ("Resources", "Transform")
    }
    assert "Transform" not in after


def test_expanding_does_not_depend_on_hashes_or_the_region() -> None:
    code = (
        "import sys; from pathlib import Path; from cfgen.pipeline import render_spec; "
        f"sys.stdout.write(render_spec(Path({str(EXAMPLE)!r})).text)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": str(seed), "AWS_DEFAULT_REGION": region},
            capture_output=True,
            check=True,
        ).stdout
        for seed, region in ((1, "eu-west-1"), (2, "cn-north-1"))
    ]
    assert runs[0] == runs[1] != b""


def test_what_the_translator_refuses_is_said() -> None:
    with pytest.raises(BadPart, match="aws-sam-translator refuses"):
        serverless.expand(
            "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties: {Bad: 1}\n"
        )


def test_a_translator_that_is_too_old_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from samtranslator.model.lambda_ import LambdaPermission

    known = {
        name: kind
        for name, kind in LambdaPermission.property_types.items()
        if name != "InvokedViaFunctionUrl"
    }
    monkeypatch.setattr(LambdaPermission, "property_types", known)
    with pytest.raises(RenderError, match="too old") as caught:
        serverless.expand(render_spec(EXAMPLE, form="sam").text)
    assert "--format sam" in str(caught.value.hint)


def test_a_function_without_a_role_needs_the_capability_of_iam() -> None:
    one: dict[str, Any] = {"Type": "AWS::Serverless::Function", "Properties": {}}
    template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": {"F": one}}
    assert document.capabilities(template) == ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")
    one["Properties"]["Role"] = "arn:aws:iam::111122223333:role/own"
    assert document.capabilities(template) == ("CAPABILITY_AUTO_EXPAND",)


def test_formats_of_the_command(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from cfgen.cli.render import command

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(command, [str(EXAMPLE), *arguments], standalone_mode=False)

    sam = run("-o", "-", "--format", "sam")
    assert "\nTransform: AWS::Serverless-2016-10-31\n" in sam.output
    assert "Transform" not in run("-o", "-").output
    report = run("-o", str(tmp_path), "--format", "sam", "--format", "json")
    assert json.loads(report.stdout)[0]["spec"] == str(EXAMPLE)
    both = run("--format", "sam", "--format", "cfn")
    assert "only one of them" in str(both.exception)
