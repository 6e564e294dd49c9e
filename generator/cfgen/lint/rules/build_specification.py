"""E9808: a build specification that is not one."""

from __future__ import annotations

import yaml

from cfgen.lint.evaluate import known, mapping
from cfgen.lint.guard import Loader
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.worlds import Resource


class BuildSpecification(Rule):
    """Inline YAML with a version and phases."""

    id = "E9808"
    shortdesc = "An inline build specification parses and has phases"
    description = (
        "CodeBuild reads the inline BuildSpec when a build starts, long after the stack stands: text that "
        "is not YAML, or has no version or no phases, fails every build."
    )
    fix = "give version 0.2 and phases with commands"
    source_url = "https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html"
    source_title = "Build specification reference for CodeBuild"
    tags = ("resources", "codebuild")
    types = ("AWS::CodeBuild::Project",)

    def check(self, resource: Resource) -> Hits:
        """A name of a file, or an S3 ARN, is left alone."""
        source = mapping(resource.properties, "Source")
        text = source.get("BuildSpec")
        if not isinstance(text, str) or not known(text) or "\n" not in text:
            return
        path = source.where("BuildSpec")
        try:
            parsed = yaml.load(str(text), Loader=Loader)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            yield path, f"the build specification is not YAML: {str(error).splitlines()[0]}"
            return
        missing = [
            key for key in ("version", "phases") if not isinstance(parsed, dict) or not parsed.get(key)
        ]
        if missing:
            yield path, f"the build specification has no {' and no '.join(missing)}"
