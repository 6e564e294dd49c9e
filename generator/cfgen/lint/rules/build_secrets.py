"""W9807: a secret passed to a build as plain text."""

from __future__ import annotations

import re

from cfgen.lint.evaluate import mapping, maps
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.worlds import Resource

_SECRET = re.compile(r"(?:^|_)(?:TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|PRIVATE_KEY|ACCESS_KEY)$")
_RESOLVE = re.compile(r"\{\{resolve:(?:secretsmanager|ssm-secure):")


class BuildSecrets(Rule):
    """PLAINTEXT is shown in the console and by the API."""

    id = "W9807"
    shortdesc = "A build reads its secrets by itself"
    description = (
        "A PLAINTEXT environment variable of a build project is shown by the console and by "
        "BatchGetProjects, whether the value was written out, came from a parameter or from a dynamic "
        "reference."
    )
    fix = "set Type: SECRETS_MANAGER and give the secret's name or ARN as Value"
    source_url = "https://docs.aws.amazon.com/codebuild/latest/APIReference/API_EnvironmentVariable.html"
    source_title = "CodeBuild EnvironmentVariable"
    tags = ("resources", "codebuild", "security", "secrets")
    types = ("AWS::CodeBuild::Project",)

    def check(self, resource: Resource) -> Hits:
        """By the variable's name, or by what its value resolves."""
        for variable in maps(mapping(resource.properties, "Environment"), "EnvironmentVariables"):
            name, value = variable.get("Name"), variable.get("Value")
            if variable.get("Type", "PLAINTEXT") != "PLAINTEXT" or not isinstance(value, str) or not value:
                continue
            named = isinstance(name, str) and _SECRET.search(name.upper())
            if named or _RESOLVE.search(value):
                yield variable.where("Value"), f"'{str(name)[:60]}' is PLAINTEXT"
