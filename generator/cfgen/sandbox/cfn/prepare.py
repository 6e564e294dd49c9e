"""From a request to a template that can be carried out: everything AWS checks before it starts anything."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlparse

from botocore.exceptions import ClientError

from cfgen.sandbox import adapters
from cfgen.sandbox.cfn import loader, parameters, references, schema, template, transforms
from cfgen.sandbox.cfn.errors import TemplateError, ValidationError
from cfgen.sandbox.cfn.intrinsics import FUNCTIONS, function_of
from cfgen.sandbox.cfn.parameters import Parameter
from cfgen.sandbox.cfn.scope import StackScope
from cfgen.sandbox.clients import Credentials, client
from cfgen.sandbox.wire import AwsError

_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]*")
# property names that make an IAM resource a named one
_NAMED = {
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}
_IAM_FREE = {"AWS::IAM::OIDCProvider", "AWS::IAM::SAMLProvider", "AWS::IAM::ServerCertificate"}


@dataclass
class Prepared:
    """A checked template with its parameter values: what a stack operation works from."""

    body: str
    original: dict[str, Any]
    template: dict[str, Any]
    parameters: dict[str, Parameter]
    truth: dict[str, bool]
    names: list[str]
    graph: dict[str, set[str]]
    capabilities: list[str]
    tags: dict[str, str]
    notification_arns: list[str]
    imports: set[str] = field(default_factory=set)
    transforms: list[str] = field(default_factory=list)


def check_stack_name(name: str) -> None:
    """The pattern and length of stack names."""
    if not _NAME.fullmatch(name):
        raise ValidationError(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )
    if len(name) > 128:
        raise ValidationError(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: Member must "
            "have length less than or equal to 128"
        )


def body_of(params: dict[str, Any], region: str, keys: Credentials) -> str:
    """The template's text, from the request or from S3."""
    body, url = params.get("TemplateBody"), params.get("TemplateURL")
    if body is not None and url:
        raise ValidationError("Specify exactly one of TemplateBody or TemplateUrl")
    if body is not None:
        template.check_body(body)
        return str(body)
    if not url:
        raise ValidationError("Either Template URL or Template Body must be specified.")
    bucket, key = _s3_place(str(url))
    try:
        answer = client("s3", region, keys).get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise ValidationError(f"S3 error: {error.response['Error']['Message']} ({code})") from None
    data = answer["Body"].read()
    if len(data) > template.URL_LIMIT:
        raise ValidationError(f"Template may not exceed {template.URL_LIMIT} bytes in size.")
    return str(data.decode())


def _s3_place(url: str) -> tuple[str, str]:
    parsed = urlparse(url)
    path = unquote(parsed.path).lstrip("/")
    host = parsed.netloc
    if parsed.scheme not in ("http", "https"):
        raise ValidationError("TemplateURL must be a supported URL.")
    match = re.match(r"(.+)\.s3[.-][^/]*amazonaws", host)
    if match:
        return match.group(1), path
    bucket, _, key = path.partition("/")
    if not key:
        raise ValidationError("TemplateURL must reference a valid S3 object to which you have access.")
    return bucket, key


def prepare(
    body: str,
    params: dict[str, Any],
    *,
    region: str,
    stack_name: str,
    stack_id: str,
    previous: Prepared | None,
    keys: Credentials,
) -> Prepared:
    """Check everything that can be checked before the first resource; raises what AWS's API would answer."""
    original = loader.load(body)
    capabilities = list(params.get("Capabilities") or [])
    expanded, used = transforms.expand(original, params, region, capabilities)
    template.check_structure(expanded)
    check_types(expanded, region)
    check_functions(expanded)
    references.check(expanded, region)
    declared = expanded.get("Parameters") or {}
    parameters.check_defaults(declared)
    values = parameters.given_values(
        list(params.get("Parameters") or []), declared, previous.parameters if previous else None
    )
    resolved = parameters.resolve_all(values, declared, region, keys)
    arns = list(params.get("NotificationARNs") or (previous.notification_arns if previous else []))
    scope = StackScope(
        expanded,
        resolved,
        region=region,
        stack_name=stack_name,
        stack_id=stack_id,
        notification_arns=arns,
    )
    parameters.check_rules(expanded.get("Rules") or {}, resolved, scope)
    truth = scope.conditions()
    names = [
        name
        for name, resource in expanded["Resources"].items()
        if "Condition" not in resource or truth[resource["Condition"]]
    ]
    _check_output_references(expanded, set(names), truth)
    graph = references.dependencies(expanded, set(names), truth)
    _check_capabilities(expanded, names, capabilities)
    if params.get("Tags") is not None or previous is None:
        tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags") or []}
    else:
        tags = dict(previous.tags)
    if any(key.startswith("aws:") for key in tags):
        raise ValidationError("aws: prefixed tag key names are not allowed for external use.")
    return Prepared(
        body, original, expanded, resolved, truth, names, graph, capabilities, tags, arns, transforms=used
    )


def check_types(expanded: dict[str, Any], region: str) -> None:
    """Types CloudFormation does not have in the region, and types the sandbox cannot make, are refused by name."""
    kinds = dict.fromkeys(resource["Type"] for resource in expanded["Resources"].values())
    unknown = [kind for kind in kinds if not schema.known_anywhere(kind) and not schema.known(kind, region)]
    if unknown:
        raise TemplateError(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")
    absent = [kind for kind in kinds if not schema.known(kind, region)]
    if absent:
        raise TemplateError(f"Template format error: Unrecognized resource types: [{', '.join(absent)}]")
    foreign = [kind for kind in kinds if adapters.find(kind) is None]
    if foreign:
        raise TemplateError(
            f"Resource types the cfgen sandbox cannot make: [{', '.join(foreign)}]. CloudFormation knows them; "
            "this local stand-in refuses rather than pretends."
        )


def check_functions(expanded: dict[str, Any]) -> None:
    """Functions CloudFormation does not have are refused, used or not."""

    def walk(value: Any) -> None:
        name = function_of(value)
        if name is not None and name not in FUNCTIONS:
            raise TemplateError(
                f"Template error: Encountered unsupported function: {name} Supported functions are: "
                f"[{', '.join(sorted(FUNCTIONS))}]"
            )
        items: Any = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        for item in items:
            walk(item)

    for section in ("Resources", "Outputs", "Conditions"):
        for member in (expanded.get(section) or {}).values():
            if section == "Resources":
                walk(member.get("Properties"))
            else:
                walk(member)


def _check_output_references(expanded: dict[str, Any], names: set[str], truth: dict[str, bool]) -> None:
    missing: list[str] = []
    for output in (expanded.get("Outputs") or {}).values():
        if "Condition" in output and not truth.get(output["Condition"], True):
            continue
        for kind, name, _ in references.references(references.active(output, truth)):
            if kind in ("ref", "att", "sub-att") and name in expanded["Resources"] and name not in names:
                missing.append(name)
    if missing:
        raise TemplateError(
            f"Template format error: Unresolved resource dependencies [{', '.join(dict.fromkeys(missing))}] in the "
            "Outputs block of the template"
        )


def required_capabilities(expanded: dict[str, Any], names: list[str]) -> list[str]:
    """The capabilities a template needs acknowledged."""
    needed: list[str] = []
    for name in names:
        resource = expanded["Resources"][name]
        kind = resource["Type"]
        if kind.startswith("AWS::IAM::") and kind not in _IAM_FREE:
            named = _NAMED.get(kind)
            if named and named in (resource.get("Properties") or {}):
                return ["CAPABILITY_NAMED_IAM"]
            needed = ["CAPABILITY_IAM"]
    return needed


def _check_capabilities(expanded: dict[str, Any], names: list[str], given: list[str]) -> None:
    for needed in required_capabilities(expanded, names):
        enough = (
            {"CAPABILITY_NAMED_IAM"} if needed == "CAPABILITY_NAMED_IAM" else {needed, "CAPABILITY_NAMED_IAM"}
        )
        if not enough & set(given):
            raise AwsError("InsufficientCapabilitiesException", f"Requires capabilities : [{needed}]")
