"""Small imitations of what a refresh of JumpStart's list reads: the npm package, and the live list on loopback."""

from __future__ import annotations

import io
import json
import tarfile
import threading
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cfgen.catalogue.jumpstart_package import LIST, REGIONS

ACCOUNTS = {"us-east-1": "763104351884", "eu-west-1": "763104351884", "ap-east-1": "871362719292"}


def aliases(image: str, name: str = "alias_ecr_uri_1") -> dict[str, dict[str, str]]:
    """Region → alias → URI."""
    return {
        region: {name: f"{account}.dkr.ecr.{region}.amazonaws.com/{image}"}
        for region, account in ACCOUNTS.items()
    }


def row(model_id: str = "huggingface-llm-tiny", version: str = "1.0.0", **fields: Any) -> dict[str, Any]:
    """One version as the package has it; a field of None is left out."""
    regional = aliases("huggingface-pytorch-tgi-inference:2.4.0-tgi3.0.1-gpu-py311-cu124-ubuntu22.04")
    made: dict[str, Any] = {
        "modelId": model_id,
        "version": version,
        "defaultInstanceType": "ml.g5.xlarge",
        "instanceTypes": ["ml.g5.xlarge", "ml.g5.12xlarge"],
        "prepackedArtifactKey": f"{model_id}/prepack/v1.0.0/",
        "artifactKey": f"{model_id}/v1.0.0/",
        "gatedBucket": True,
        "environment": {"HF_MODEL_ID": "/opt/ml/model", "WORKERS": 1, "SAGEMAKER_SUBMIT_DIRECTORY": "/code"},
        "instanceAliases": [{"region": region, "aliases": one} for region, one in regional.items()],
        "instanceVariants": [
            {
                "instanceType": "g5",
                "imageUri": "$alias_ecr_uri_1",
                "environment": {"FAMILY": "g5", "BOTH": "family"},
            },
            {"instanceType": "local_gpu", "imageUri": "$alias_ecr_uri_1"},
            {"instanceType": "ml.g5.12xlarge", "environment": {"SM_NUM_GPUS": "4", "BOTH": "type"}},
        ],
        "requiresEula": "fmhMetadata/eula/tiny.txt",
        **fields,
    }
    return {key: value for key, value in made.items() if value is not None}


def rows(*all_rows: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Rows under their names, as in the package."""
    return {f"{one['modelId']}_{one['version']}".upper(): one for one in all_rows}


def folder(path: Path, listed: Any, regions: Mapping[str, Any] | None = None) -> Path:
    """The two packages as files. ``listed``: rows, or bytes in place of the npm package's list."""
    path.mkdir(parents=True, exist_ok=True)
    text = listed
    if not isinstance(listed, bytes):
        machine = zlib.compressobj(9, zlib.DEFLATED, -15)
        data = machine.compress(json.dumps(listed).encode()) + machine.flush()
        text = json.dumps({"type": "Buffer", "data": list(data)}).encode()
    with tarfile.open(path / "cdklabs-generative-ai-cdk-constructs-0.1.9.tgz", "w:gz") as archive:
        member = tarfile.TarInfo(f"package/{LIST}")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    names = {
        name: {
            "content_bucket": f"jumpstart-cache-prod-{name}",
            "gated_content_bucket": f"jumpstart-private-cache-prod-{name}",
        }
        for name in (*ACCOUNTS, "us-west-2")
    }
    odd = {"eu-odd-1": {"content_bucket": "jumpstart-odd", "gated_content_bucket": "jumpstart-private-odd"}}
    with zipfile.ZipFile(path / "sagemaker_core-2.0.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(REGIONS, json.dumps(names | odd if regions is None else regions))
    return path


def spec(model_id: str = "huggingface-llm-tiny", version: str = "2.0.0", **fields: Any) -> dict[str, Any]:
    """A specification of the live list; a field of None is left out."""
    image = "djl-inference:0.36.0-lmi27.0.0-cu130"
    made: dict[str, Any] = {
        "model_id": model_id,
        "version": version,
        "min_sdk_version": "2.200.0",
        "hosting_ecr_specs": {
            "framework": "djl-inference",
            "framework_version": "0.36.0",
            "py_version": "py312",
        },
        "hosting_artifact_key": f"{model_id}/v2/",
        "hosting_prepacked_artifact_key": f"{model_id}/prepack/v2/",
        "hosting_use_script_uri": False,
        "hosting_eula_key": "fmhMetadata/eula/tiny.txt",
        "gated_bucket": True,
        "deprecated": False,
        "inference_vulnerable": True,
        "inference_enable_network_isolation": False,
        "default_inference_instance_type": "ml.g6.xlarge",
        "supported_inference_instance_types": ["ml.g6.xlarge", "ml.g6.12xlarge"],
        "inference_environment_variables": [
            {"name": "HF_MODEL_ID", "type": "text", "default": "/opt/ml/model", "scope": "container"},
            {"name": "SAGEMAKER_MODEL_SERVER_WORKERS", "type": "int", "default": 1, "scope": "container"},
            {"name": "SAGEMAKER_SUBMIT_DIRECTORY", "type": "text", "default": "/code", "scope": "container"},
        ],
        "hosting_instance_type_variants": {
            "regional_aliases": aliases(image, "lmi"),
            "variants": {
                "g6": {"regional_properties": {"image_uri": "$lmi"}},
                "ml.g6.12xlarge": {
                    "properties": {"environment_variables": {"OPTION_TENSOR_PARALLEL_DEGREE": "4"}}
                },
            },
        },
        **deepcopy(fields),
    }
    return {key: value for key, value in made.items() if value is not None}


def manifest(*specs: Mapping[str, Any]) -> list[dict[str, str]]:
    """The manifest of these specifications."""
    return [
        {
            "model_id": one["model_id"],
            "version": one["version"],
            "min_version": "2.0.0",
            "spec_key": f"community_models/{one['model_id']}/specs_v{one['version']}.json",
        }
        for one in specs
    ]


@contextmanager
def live(*specs: Mapping[str, Any], answers: Mapping[str, tuple[int, bytes]] | None = None) -> Iterator[str]:
    """The list on loopback; yields its address. ``answers``: path → status and body, in place of what is right.

    A status of 0 closes the connection once and then answers 200.
    """
    listed = manifest(*specs)
    bodies = {"/models_manifest.json": json.dumps(listed).encode()}
    bodies |= {
        f"/{head['spec_key']}": json.dumps(one).encode() for head, one in zip(listed, specs, strict=True)
    }
    given = dict(answers or {})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = given.get(self.path, (200, bodies.get(self.path, b"")))
            if status == 0:
                given[self.path] = (200, body or bodies[self.path])
                self.close_connection = True
                return
            self.send_response(status if self.path in bodies or self.path in given else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
