"""Lambda: functions, permissions, versions, aliases, URLs."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

import contextlib
import io
import uuid
import zipfile
from pathlib import Path

from botocore.exceptions import ClientError

from cfgen.sandbox.adapters.base import (
    Adapter,
    Context,
    Made,
    Props,
    changed_tags,
    quietly,
    refuse_existing,
    refuse_unhandled,
    register,
    shaped,
    tag_pairs,
)
from cfgen.sandbox.cfn.errors import ResourceFailure

_CFNRESPONSE = Path(__file__).resolve().parent.parent / "runtime" / "cfnresponse.py"
_INLINE_LIMIT = 4 * 1024 * 1024


def _code(p: Props) -> Props:
    code = p.get("Code") or {}
    if "ZipFile" in code:
        if p.get("Runtime", "").startswith("python"):
            return {"ZipFile": _inline(str(code["ZipFile"]))}
        if p.get("Runtime", "").startswith("nodejs"):
            return {"ZipFile": _archive({"index.js": str(code["ZipFile"])})}
        raise ResourceFailure(
            f'Resource handler returned message: "ZipFile can only be used when Runtime is set to either of nodejs, '
            f'python (not {p.get("Runtime")})"'
        )
    return shaped("lambda", "CreateFunction", {"Code": code})["Code"]  # type: ignore[no-any-return]


def _inline(source: str) -> bytes:
    if len(source.encode()) > _INLINE_LIMIT:
        raise ResourceFailure("Code.ZipFile may not be longer than 4194304 bytes")
    return _archive({"index.py": source, "cfnresponse.py": _CFNRESPONSE.read_text()})


def _archive(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return buffer.getvalue()


_CONFIGURATION = (
    "Description",
    "Environment",
    "EphemeralStorage",
    "Handler",
    "KmsKeyArn",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "Timeout",
    "TracingConfig",
    "VpcConfig",
    "DeadLetterConfig",
    "Layers",
)
_HANDLED = (
    *_CONFIGURATION,
    "Architectures",
    "Code",
    "FunctionName",
    "PackageType",
    "ReservedConcurrentExecutions",
    "Tags",
)


def _configuration(p: Props) -> Props:
    return {key: p[key] for key in _CONFIGURATION if key in p}


class Function(Adapter):
    """A function; its code is kept by moto and run by the sandbox."""

    type = "AWS::Lambda::Function"

    def create(self, ctx: Context, p: Props) -> Made:
        refuse_unhandled(ctx, p, _HANDLED)
        client = ctx.client("lambda")
        name = p.get("FunctionName") or ctx.name(64)
        refuse_existing(ctx, name, lambda: client.get_function(FunctionName=name))
        architectures = p.get("Architectures") or ["x86_64"]
        arguments = shaped("lambda", "CreateFunction", _configuration(p))
        created = client.create_function(
            FunctionName=name,
            Code=_code(p),
            PackageType=p.get("PackageType", "Zip"),
            Architectures=architectures,
            Tags=tag_pairs(p.get("Tags")),
            **arguments,
        )
        ctx.announce(name)
        if "ReservedConcurrentExecutions" in p:
            client.put_function_concurrency(
                FunctionName=name, ReservedConcurrentExecutions=int(p["ReservedConcurrentExecutions"])
            )
        return Made(name, {"Arn": created["FunctionArn"]})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        client = ctx.client("lambda")
        if old.get("Code") != new.get("Code") or old.get("Runtime") != new.get("Runtime"):
            client.update_function_code(FunctionName=made.id, **_code(new))
        before, after = _configuration(old), _configuration(new)
        if before != after:
            client.update_function_configuration(
                FunctionName=made.id,
                **shaped("lambda", "UpdateFunctionConfiguration", after),
            )
        if old.get("ReservedConcurrentExecutions") != new.get("ReservedConcurrentExecutions"):
            if "ReservedConcurrentExecutions" in new:
                client.put_function_concurrency(
                    FunctionName=made.id,
                    ReservedConcurrentExecutions=int(new["ReservedConcurrentExecutions"]),
                )
            else:
                client.delete_function_concurrency(FunctionName=made.id)
        add, remove = changed_tags(old, new)
        if add:
            client.tag_resource(Resource=made.attributes["Arn"], Tags=add)
        if remove:
            client.untag_resource(Resource=made.attributes["Arn"], TagKeys=remove)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        client = ctx.client("lambda")
        quietly(lambda: client.delete_function(FunctionName=made.id))

    def actual(self, ctx: Context, made: Made, p: Props) -> Props | None:
        found = ctx.client("lambda").get_function_configuration(FunctionName=made.id)
        keys = [
            key for key in ("Description", "Handler", "MemorySize", "Role", "Runtime", "Timeout") if key in p
        ]
        actual: Props = {key: found.get(key) for key in keys}
        if "Environment" in p:
            actual["Environment"] = {"Variables": (found.get("Environment") or {}).get("Variables", {})}
        return actual


class Permission(Adapter):
    """One statement of a function's resource policy."""

    type = "AWS::Lambda::Permission"

    def create(self, ctx: Context, p: Props) -> Made:
        statement = f"{ctx.stack_name}-{ctx.logical_id}-{uuid.uuid4().hex[:12]}"[:100]
        arguments = shaped("lambda", "AddPermission", p, StatementId=statement)
        ctx.client("lambda").add_permission(**arguments)
        return Made(statement, {"Id": statement})

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        client = ctx.client("lambda")
        quietly(lambda: client.remove_permission(FunctionName=p["FunctionName"], StatementId=made.id))


class Version(Adapter):
    """A published version."""

    type = "AWS::Lambda::Version"

    def create(self, ctx: Context, p: Props) -> Made:
        answer = ctx.client("lambda").publish_version(FunctionName=p["FunctionName"])
        arn = answer["FunctionArn"]
        if not arn.endswith(f":{answer['Version']}"):
            arn = f"{arn}:{answer['Version']}"
        return Made(arn, {"Version": answer["Version"], "FunctionArn": arn})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        client = ctx.client("lambda")
        quietly(
            lambda: client.delete_function(
                FunctionName=p["FunctionName"],
                Qualifier=made.attributes.get("Version", made.id.rsplit(":", 1)[-1]),
            )
        )


class Alias(Adapter):
    """An alias of a version."""

    type = "AWS::Lambda::Alias"

    def create(self, ctx: Context, p: Props) -> Made:
        answer = ctx.client("lambda").create_alias(**shaped("lambda", "CreateAlias", p))
        return Made(answer["AliasArn"], {"AliasArn": answer["AliasArn"]})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        ctx.client("lambda").update_alias(**shaped("lambda", "UpdateAlias", new))
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        client = ctx.client("lambda")
        quietly(lambda: client.delete_alias(FunctionName=p["FunctionName"], Name=p["Name"]))


class Url(Adapter):
    """A function URL: an address of this machine, which `services.function_urls` serves."""

    type = "AWS::Lambda::Url"

    def create(self, ctx: Context, p: Props) -> Made:
        refuse_unhandled(ctx, p, ("AuthType", "Cors", "InvokeMode", "TargetFunctionArn"))
        arguments = shaped("lambda", "CreateFunctionUrlConfig", p, FunctionName=p["TargetFunctionArn"])
        answer = ctx.client("lambda").create_function_url_config(**arguments)
        attributes = {key: answer[key] for key in ("FunctionArn", "FunctionUrl")}
        return Made(answer["FunctionArn"], attributes)

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        arguments = shaped("lambda", "UpdateFunctionUrlConfig", new, FunctionName=new["TargetFunctionArn"])
        ctx.client("lambda").update_function_url_config(**arguments)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        client = ctx.client("lambda")
        try:
            client.delete_function_url_config(FunctionName=p["TargetFunctionArn"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise


class EventInvokeConfig(Adapter):
    """What becomes of asynchronous invocations: retries and destinations."""

    type = "AWS::Lambda::EventInvokeConfig"

    def create(self, ctx: Context, p: Props) -> Made:
        identifier = f"{p['FunctionName']}|{p['Qualifier']}"
        client = ctx.client("lambda")
        refuse_existing(
            ctx,
            identifier,
            lambda: client.get_function_event_invoke_config(FunctionName=p["FunctionName"]),
        )
        self._put(ctx, p)
        return Made(identifier)

    def _put(self, ctx: Context, p: Props) -> None:
        client = ctx.client("lambda")
        # moto keeps the first of several
        with contextlib.suppress(ClientError):
            client.delete_function_event_invoke_config(FunctionName=p["FunctionName"])
        given = {key: value for key, value in p.items() if key != "Qualifier"}
        client.put_function_event_invoke_config(**shaped("lambda", "PutFunctionEventInvokeConfig", given))

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        self._put(ctx, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        client = ctx.client("lambda")
        quietly(lambda: client.delete_function_event_invoke_config(FunctionName=p["FunctionName"]))


register(Function, Permission, Version, Alias, Url, EventInvokeConfig)
