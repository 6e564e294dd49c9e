"""Data capture: a sample of requests and answers, written to S3 with the endpoint's role."""

from __future__ import annotations

import base64
import json
import logging
import random
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlparse

from botocore.exceptions import ClientError

from cfgen.sandbox.clients import client
from cfgen.sandbox.iam import principals
from cfgen.sandbox.services import hosting_access as access
from cfgen.sandbox.services.hosting import hosting_of
from cfgen.sandbox.wire import AwsError, Call

_log = logging.getLogger("cfgen.sandbox.capture")
_MODES = {"Input": ["Input"], "Output": ["Output"], "InputAndOutput": ["Input", "Output"]}


def keep(
    call: Call,
    endpoint: dict[str, Any],
    config: dict[str, Any],
    given: tuple[bytes, str],
    told: tuple[bytes, str],
) -> None:
    """Write a record if the configuration asks for it. As on AWS, the caller never learns that it failed."""
    wanted = config.get("DataCaptureConfig") or {}
    if not wanted.get("EnableCapture") or random.random() * 100 >= int(wanted["InitialSamplingPercentage"]):
        return
    modes = {mode for option in wanted["CaptureOptions"] for mode in _MODES[option["CaptureMode"]]}
    sides = {"Input": ("endpointInput", given), "Output": ("endpointOutput", told)}
    variant = str(config["ProductionVariants"][0]["VariantName"])
    headers = wanted.get("CaptureContentTypeHeader") or {}
    record = {
        "captureData": {
            name: _side(mode, body, kind, headers)
            for mode, (name, (body, kind)) in sides.items()
            if mode in modes
        },
        "eventMetadata": {
            "eventId": str(uuid.uuid4()),
            "inferenceTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        },
        "eventVersion": "0",
    }
    place = urlparse(str(wanted["DestinationS3Uri"]))
    path = (
        f"{endpoint['EndpointName']}/{variant}/{datetime.now(UTC):%Y/%m/%d/%H/%M-%S-%f}-{uuid.uuid4()}.jsonl"
    )
    key = f"{place.path.strip('/')}/{path}".lstrip("/")
    encryption = (
        {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": wanted["KmsKeyId"]}
        if wanted.get("KmsKeyId")
        else {}
    )
    try:
        role = access.role_of(hosting_of(call.region), config)
        keys = principals.mint(role, "sagemaker.amazonaws.com", "SageMaker", call.region)
        client("s3", call.region, keys).put_object(
            Bucket=place.netloc, Key=key, Body=json.dumps(record).encode() + b"\n", **encryption
        )
    except (ClientError, AwsError) as error:
        _log.warning("%s: data capture failed: %s", endpoint["EndpointName"], error)


def _side(mode: str, body: bytes, kind: str, headers: dict[str, Any]) -> dict[str, str]:
    plain, encoding = "BASE64", base64.b64encode(body).decode()
    if kind in headers.get("CsvContentTypes", ["text/csv"]):
        plain, encoding = "CSV", body.decode("utf-8", "replace")
    elif kind in headers.get("JsonContentTypes", ["application/json"]):
        plain, encoding = "JSON", body.decode("utf-8", "replace")
    return {"observedContentType": kind, "mode": mode.upper(), "data": encoding, "encoding": plain}
