"""``security.invokePolicy``: an IAM policy for those who call the endpoint."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cfgen.spec.base import CLEAN, SpecModel, pattern


class InvokePolicy(SpecModel):
    """``security.invokePolicy``: a managed policy of the stack's that allows to invoke this endpoint, and no more."""

    vpc_endpoints: (
        Annotated[
            list[
                Annotated[
                    str,
                    pattern(r"^vpce-[0-9a-f]{8,17}$", "a VPC endpoint id", "vpce-0123456789abcdef0"),
                    CLEAN,
                ]
            ],
            Field(min_length=1, max_length=20),
        ]
        | None
    ) = Field(
        None,
        description="Only through these interface endpoints of SageMaker's runtime; a launcher may give others.",
    )
    bearer_token: bool = Field(
        False,
        description="Allow calls with a bearer token too, as clients of OpenAI's interface make them.",
    )
