"""``async``: requests and answers in S3, handled one after the other as instances are free."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cfgen.spec.base import ARN_PARTITION, CLEAN, SpecModel, pattern
from cfgen.spec.sections import KmsKeyArn

BucketName = Annotated[
    str,
    pattern(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", "the name of an S3 bucket", "my-answers"),
    CLEAN,
]
Prefix = Annotated[
    str,
    pattern(
        r"^[A-Za-z0-9!_.*'()-][A-Za-z0-9!_.*'()/-]*/$",
        "a prefix that ends in a slash",
        "answers/",
        max_length=200,
    ),
    CLEAN,
]
Topic = Annotated[
    str,
    pattern(
        rf"^(make|{ARN_PARTITION}:sns:[a-z0-9-]+:[0-9]{{12}}:[A-Za-z0-9_.-]+)$",
        "make, or the ARN of an SNS topic",
        "make",
        "arn:aws:sns:us-east-1:111122223333:answers",
        max_length=2048,
    ),
    CLEAN,
]


class Async(SpecModel):
    """``async``: an asynchronous endpoint. It takes requests that lie in S3 and writes its answers to S3."""

    bucket: BucketName | None = Field(
        None,
        description="Bucket of yours, in the region of the launch, for requests and answers; made when absent.",
    )
    input_bucket: BucketName | None = Field(
        None, description="Another bucket, from which requests may be read instead."
    )
    input_prefix: Prefix = Field("input/", description="Below which requests lie.")
    output_prefix: Prefix = Field("output/", description="Below which answers are written.")
    failure_prefix: Prefix = Field("failures/", description="Below which failed requests are reported.")
    expire_after_days: Annotated[int, Field(ge=1, le=3650)] | None = Field(
        None, description="Days until S3 deletes what lies in the bucket made; 30 when absent."
    )
    retain_on_delete: bool = Field(
        False, description="Keep the bucket made, and what is in it, with the stack gone; else it is emptied."
    )
    success_topic: Topic | None = Field(
        None, description="SNS topic told of each answer: make, or the ARN of yours."
    )
    error_topic: Topic | None = Field(
        None, description="SNS topic told of each failure: make, or the ARN of yours."
    )
    include_response_in: Annotated[list[Literal["success", "error"]], Field(max_length=2)] = Field(
        default_factory=list, description="Topics whose messages hold the answer itself, up to 128 KB."
    )
    max_concurrent_invocations_per_instance: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        None, description="Requests an instance works on at a time; SageMaker decides when absent."
    )
    kms_key: KmsKeyArn | None = Field(
        None,
        description="KMS key for answers, and for the bucket and topics made; a launcher may give another.",
    )
