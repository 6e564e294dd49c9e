"""CodeBuild: projects."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

from cfgen.sandbox.adapters.base import Adapter, Context, Made, Props, quietly, register, shaped, tag_pairs


def _arguments(p: Props, operation: str, name: str) -> Props:
    made = shaped(
        "codebuild", operation, {k: v for k, v in p.items() if k not in ("Source", "Tags")}, name=name
    )
    source = p.get("Source") or {}
    made["source"] = shaped("codebuild", operation, {"Source": source})["source"]
    # the property's name differs from the API's here
    if "BuildSpec" in source:
        made["source"]["buildspec"] = source["BuildSpec"]
    if logs := p.get("LogsConfig"):
        made["logsConfig"] = shaped("codebuild", operation, {"LogsConfig": logs})["logsConfig"]
    made["tags"] = [{"key": key, "value": value} for key, value in tag_pairs(p.get("Tags")).items()]
    return made


class Project(Adapter):
    """A build project."""

    type = "AWS::CodeBuild::Project"

    def create(self, ctx: Context, p: Props) -> Made:
        name = p.get("Name") or ctx.name(255)
        ctx.client("codebuild").create_project(**_arguments(p, "CreateProject", name))
        return Made(name, {"Arn": ctx.arn("codebuild", f"project/{name}")})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        ctx.client("codebuild").update_project(**_arguments(new, "UpdateProject", made.id))
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        codebuild = ctx.client("codebuild")
        quietly(lambda: codebuild.delete_project(name=made.id))


register(Project)
