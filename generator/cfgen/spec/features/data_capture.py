"""``dataCapture``: requests and answers, kept in S3."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cfgen.spec.base import CLEAN, SpecModel, pattern
from cfgen.spec.features.asynchronous import BucketName, Prefix
from cfgen.spec.sections import KmsKeyArn

MediaType = Annotated[
    str,
    pattern(
        r"^[a-zA-Z0-9](-*[a-zA-Z0-9.+])*/[a-zA-Z0-9](-*[a-zA-Z0-9.+])*$",
        "a media type",
        "application/json",
        max_length=100,
    ),
    CLEAN,
]


def _both() -> list[Literal["input", "output"]]:
    return ["input", "output"]


class DataCapture(SpecModel):
    """``dataCapture``: a share of the requests and answers is written to S3, to look at later. They may be personal."""

    bucket: BucketName | None = Field(
        None, description="Bucket of yours, in the region of the launch; made when absent."
    )
    prefix: Prefix = Field("capture/", description="Below which they are written.")
    sampling: Annotated[int, Field(ge=1, le=100)] = Field(
        100, description="Percent of the requests that are captured (1 to 100)."
    )
    capture: Annotated[list[Literal["input", "output"]], Field(min_length=1, max_length=2)] = Field(
        default_factory=_both, description="What of them: requests, answers, or both."
    )
    json_content_types: Annotated[list[MediaType], Field(max_length=10)] = Field(
        default_factory=lambda: ["application/json"],
        description="Media types that are written as JSON text rather than as base64.",
    )
    csv_content_types: Annotated[list[MediaType], Field(max_length=10)] = Field(
        default_factory=list, description="Media types that are written as CSV text rather than as base64."
    )
    expire_after_days: Annotated[int, Field(ge=1, le=3650)] | None = Field(
        None, description="Days until S3 deletes what lies in the bucket made; 30 when absent."
    )
    retain_on_delete: bool = Field(
        False, description="Keep the bucket made, and what is in it, with the stack gone; else it is emptied."
    )
    kms_key: KmsKeyArn | None = Field(
        None, description="KMS key for what is captured and the bucket made; a launcher may give another."
    )
