"""AWS::Serverless resources → plain CloudFormation, by AWS's own aws-sam-translator, in the text of the template.

Only the resources that the translator replaces are printed anew; every other line stays as it was, with its comments.
The translator's logical ids are made from ours alone, so the same template gives the same bytes.
"""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfgen import document
from cfgen.render import values
from cfgen.render.errors import BadPart, RenderError

_TRANSFORM = re.compile(r"^Transform: AWS::Serverless-2016-10-31\n", re.MULTILINE)
_SERVERLESS = "AWS::Serverless::"
_REGION = "us-east-1"
_DESCRIPTIONS = {
    "AWS::ApiGatewayV2::Stage": "Stage of the HTTP API",
    "AWS::Lambda::Permission": "Lets callers of the address reach the function",
    "AWS::Lambda::Url": "Address of the function",
}
"""What the translator adds, for people."""
_OPEN = {"checkov": {"skip": [{"id": "CKV_AWS_258", "comment": "The function checks the key of callers"}]}}
"""What scanners ask of an address that is open, and why it is not done (docs/explanation/scans.md)."""
_ANYONE = '"*"  # the function looks at the key'


def is_serverless(text: str) -> bool:
    """Whether a template's text names the SAM transform."""
    return _TRANSFORM.search(text) is not None


def expand(text: str) -> str:
    """``text`` without the transform: what CloudFormation would make of it. Raises BadPart when SAM refuses it."""
    before = document.load(text)
    after = document.resources(_translated(document.load(text)))
    old = document.resources(before)
    replaced = [name for name, body in old.items() if str(body["Type"]).startswith(_SERVERLESS)]
    made = {name: body for name, body in after.items() if name not in old or name in replaced}
    for name in replaced:
        own = [key for key in made if _maker(key, replaced) == name]
        block = "\n\n".join(_printed(key, made.pop(key), old.get(key)) for key in own)
        text = _block(name).sub(lambda _, block=block: f"{block}\n", text, count=1)  # type: ignore[misc]
    return _TRANSFORM.sub("", text)


def _maker(made: str, names: list[str]) -> str:
    """The resource a logical id was made from: the translator's begin with it."""
    return max((name for name in names if made.startswith(name)), key=len, default=names[0])


def _block(name: str) -> re.Pattern[str]:
    """A resource with all its lines, up to the next one or a heading above it."""
    return re.compile(rf"^  {name}:\n(?:    .*\n|\n(?=    |\n))*", re.MULTILINE)


def _translated(template: dict[str, Any]) -> dict[str, Any]:
    """By the translator; it takes the region from the environment and must not ask AWS."""
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.model.lambda_ import LambdaPermission
    from samtranslator.translator.transform import transform

    class NoPolicies:
        def load(self) -> dict[str, str]:
            return {}

    if "InvokedViaFunctionUrl" not in LambdaPermission.property_types:
        # cfn-lint brings it along; beside taskcat it may be one of before function URLs asked for this permission
        raise RenderError(
            "the aws-sam-translator that is installed is too old to expand AWS::Serverless resources",
            hint="install 1.110 or newer, or render with --format sam",
        )
    # it tells the log, at the interpreter's end, that nobody collected its metrics
    logging.getLogger("samtranslator").addHandler(logging.NullHandler())
    with _region():
        try:
            found: dict[str, Any] = transform(template, {}, NoPolicies())
        except InvalidDocumentException as error:
            causes = "; ".join(str(cause.message) for cause in error.causes)
            raise BadPart(f"aws-sam-translator refuses the template: {causes}") from error
    return found


@contextlib.contextmanager
def _region() -> Iterator[None]:
    kept = os.environ.get("AWS_DEFAULT_REGION")
    os.environ["AWS_DEFAULT_REGION"] = _REGION
    try:
        yield
    finally:
        if kept is None:
            del os.environ["AWS_DEFAULT_REGION"]
        else:
            os.environ["AWS_DEFAULT_REGION"] = kept


def _printed(name: str, body: Mapping[str, Any], old: Mapping[str, Any] | None) -> str:
    """A resource as YAML; its metadata are ours."""
    added = _DESCRIPTIONS.get(body["Type"])
    metadata = (old or {}).get("Metadata") or (added and {"Description": added})
    if metadata and body.get("Properties", {}).get("AuthType") == "NONE":
        metadata = {**metadata, **_OPEN}
    lines = [f"  {name}:", f"    Type: {body['Type']}"]
    if metadata:
        lines += _entry("Metadata", metadata, 4, nested=True)
    for key, value in body.items():
        if key not in ("Type", "Metadata"):
            lines += _entry(key, value, 4, nested=True)
    return "\n".join(lines)


def _entry(key: str, item: Any, indent: int, nested: bool = False) -> Iterator[str]:
    """``key: item`` over as many lines as it needs; ``nested``: a mapping on lines of its own in any case."""
    head = f"{' ' * indent}{values.scalar(key)}:"
    tag, item = _tagged(item)
    head += f" {tag}" if tag else ""
    if key == "Principal" and item == "*":
        yield f"{head} {_ANYONE}"
    elif isinstance(item, str) and item.count("\n") > 1:
        yield f"{head} {values.literal(item, indent + 2)}"
    elif not (nested and isinstance(item, Mapping)) and (flat := _flat(item, 110 - len(head))):
        yield f"{head} {flat}"
    elif isinstance(item, list) and all(isinstance(one, str) for one in item):
        yield f"{head} {values.wrapped(item, len(head) + 1)}"
    else:
        yield head
        yield from _block_of(item, indent + 2)


def _block_of(value: Any, indent: int) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _entry(str(key), item, indent)
        return
    for row in value:
        flat = _flat(row, 108 - indent)
        # what a list holds is short in what the translator makes: flows, functions, mappings
        first, *rest = [f"{' ' * indent}  {flat}"] if flat else _block_of(row, indent + 2)
        yield f"{' ' * indent}- {first.lstrip()}"
        yield from rest


def _tagged(value: Any) -> tuple[str, Any]:
    """A function's short form and what it is of; GetAtt's two names are one."""
    if isinstance(value, Mapping) and len(value) == 1:
        ((key, item),) = value.items()
        if key == "Fn::GetAtt" and isinstance(item, list):
            item = ".".join(item)
        if key == "Ref" or key.startswith("Fn::"):
            return f"!{key.removeprefix('Fn::')}", item
    return "", value


def _flat(value: Any, width: int) -> str:
    """On one line where it fits, a scalar in any case; else nothing."""
    tag, value = _tagged(value)
    if isinstance(value, Mapping):
        text = "{" + ", ".join(f"{values.scalar(str(k))}: {_flat(v, 1000)}" for k, v in value.items()) + "}"
    elif isinstance(value, list):
        text = "[" + ", ".join(_flat(item, 1000) for item in value) + "]"
    else:
        return f"{tag} {values.scalar(value)}".lstrip()
    return f"{tag} {text}".lstrip() if len(tag) + len(text) <= width else ""
