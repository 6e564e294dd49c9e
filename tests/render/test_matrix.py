"""Features in combination: every template of the matrix passes cfn-lint and our own rules without a word."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from cfgen.catalogue import load as load_catalogue
from cfgen.lint import TemplateSource, lint_templates
from cfgen.render import Template, render
from cfgen.resolve import resolve
from cfgen.spec import parse_spec
from tests.specs import CONTAINER, PACKAGE, changed, template_of

NETWORKS: dict[str, dict[str, Any]] = {
    "none": {"mode": "none"},
    "existing": {"mode": "existing"},
    "groups": {"mode": "existing", "securityGroupIds": ["sg-0123456789abcdef0"], "subnetIds": ["subnet-0123456789abcdef0"]},
    "create": {"mode": "create", "availabilityZones": 3, "interfaceEndpoints": ["logs", "sagemaker.runtime"]},
}  # fmt: skip
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
MODELS: dict[str, dict[str, Any]] = {
    "hub": CONTAINER,
    "staged": changed(CONTAINER, model__staging="s3", model__tokenSecret="token", security__networkIsolation=True),
    "archive": changed(CONTAINER, model__staging="s3", build={"archive": "tar.gz", "retainOnDelete": True}),
    "data": changed(
        CONTAINER, model__modelId=..., model__revision=..., model__container="pytorch",
        model__modelData="s3://bucket/model.tar.gz", endpoint__instanceType="ml.m5.xlarge",
        endpoint__volumeSize=50, security__volumeKmsKey=KEY,
    ),
    "prefix": changed(
        CONTAINER, model__modelId=..., model__revision=..., model__container="triton", model__modelData="s3://bucket/repository/"
    ),
    "package": PACKAGE,
    "neuron": changed(CONTAINER, model__container="tgi-neuronx", endpoint__instanceType="ml.inf2.8xlarge"),
    "path": changed(CONTAINER, model__staging="s3", security__rolePath="/sagemaker/"),
    "own role": changed(CONTAINER, security__executionRoleArn="arn:aws:iam::111122223333:role/mine"),
    "key": changed(CONTAINER, security__volumeKmsKeyOnLocalStorage=True, security__volumeKmsKey=KEY, tags={"a": "b"}),
}  # fmt: skip


def custom(folder: Path, code: str) -> Template:
    """A custom-inference template whose code folder holds ``code``."""
    (folder / "code").mkdir()
    (folder / "code" / "inference.py").write_text(code)
    spec = (
        "name: example\nmodel: {type: custom-inference, modelId: a/b, revision: main, codeFolder: code}\n"
        'endpoint: {instanceType: ml.g4dn.xlarge}\nsmokeTest: {body: {inputs: "Hello"}}\n'
    )
    return render(resolve(parse_spec(spec, "example.yaml", folder), load_catalogue()))


def test_combinations_lint_clean(tmp_path: Path) -> None:
    sources = []
    for (model, data), (network, vpc) in itertools.product(MODELS.items(), NETWORKS.items()):
        template = template_of(changed(data, vpc=vpc))
        sources.append(TemplateSource(f"{model} × {network}", template.text, ("us-east-1",)))
    sources.append(TemplateSource("custom", custom(tmp_path, "def model_fn(d): ...\n").text, ("us-east-1",)))
    findings = lint_templates(sources)
    expected = {
        # said by the spec's own warning as well: the key was insisted upon
        name
        for name in (f.file for f in findings)
        if name.startswith("key × ")
    }
    wrong = [f for f in findings if f.severity != "info" and f.file not in expected]
    assert wrong == []
    assert {f.rule_id for f in findings if f.file in expected and f.severity == "error"} <= {
        "E9101",
        "E9102",
        "E9103",
    }


def test_code_too_large_to_embed_becomes_an_asset(tmp_path: Path) -> None:
    import random
    import string

    noise = "".join(random.Random(1).choices(string.ascii_letters, k=60_000))
    template = custom(tmp_path, f"X = '{noise}'\n")
    assert len(template.assets) == 1
    assert {"AssetBucket", "AssetPrefix"} <= {name for name, _ in template.parameters}
    assert "AssetBucket" in template.required
    assert template.size < 51_200
    assert [f for f in lint_templates([TemplateSource("asset", template.text)]) if f.severity != "info"] == []
