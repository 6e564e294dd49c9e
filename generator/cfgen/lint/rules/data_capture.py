"""W9319: data capture that captures the same twice."""

from __future__ import annotations

from cfgen.lint.evaluate import flag, mapping, maps, number
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG
from cfgen.lint.worlds import Resource


class DataCapture(Rule):
    """Each mode once."""

    id = "W9319"
    shortdesc = "Data capture names each mode once, and captures something"
    description = (
        "CaptureOptions is a list of modes (Input, Output, InputAndOutput); a repeated mode captures "
        "nothing more. A sampling percentage of 0 with capture enabled stores nothing."
    )
    fix = "name Input and Output once each; sample more than 0 %, or turn capture off"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DataCaptureConfig.html"
    source_title = "DataCaptureConfig"
    tags = ("resources", "sagemaker", "endpoint-config", "data-capture")
    types = (CONFIG,)

    def check(self, resource: Resource) -> Hits:
        """InputAndOutput stands for both."""
        capture = mapping(resource.properties, "DataCaptureConfig")
        seen: set[str] = set()
        for option in maps(capture, "CaptureOptions"):
            mode = option.get("CaptureMode")
            parts = (
                {"Input", "Output"}
                if mode == "InputAndOutput"
                else {mode}
                if isinstance(mode, str)
                else set()
            )
            if parts & seen:
                yield option.where("CaptureMode"), f"CaptureMode {mode} repeats what is captured already"
            seen |= parts
        if flag(capture.get("EnableCapture")) and number(capture.get("InitialSamplingPercentage")) == 0:
            yield capture.where("InitialSamplingPercentage"), "capture is enabled and samples 0 %"
