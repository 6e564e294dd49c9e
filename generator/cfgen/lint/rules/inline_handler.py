"""E9804: inline code whose handler does not exist."""

from __future__ import annotations

import re

from cfgen.lint.evaluate import known, mapping
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.worlds import Resource


class InlineHandler(Rule):
    """CloudFormation calls the file index."""

    id = "E9804"
    shortdesc = "The handler of inline code is index.FUNCTION, and the function is there"
    description = (
        "CloudFormation puts ZipFile code into a file named index; any other module in Handler cannot be "
        "imported, and the function fails at its first call."
    )
    fix = "set Handler: index.FUNCTION"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html"
    source_title = "AWS::Lambda::Function Code"
    tags = ("resources", "lambda")
    types = ("AWS::Lambda::Function",)

    def check(self, resource: Resource) -> Hits:
        """The function is looked for in Python only, by its def; packed code (exec) may define anything."""
        code = mapping(resource.properties, "Code").get("ZipFile")
        handler = resource.properties.get("Handler")
        if not isinstance(code, str) or not isinstance(handler, str) or not known(handler):
            return
        module, _, function = handler.partition(".")
        runtime = resource.properties.get("Runtime")
        path = resource.properties.where("Handler")
        if module != "index":
            yield path, f"inline code is in module index, Handler says '{module}'"
        elif isinstance(runtime, str) and runtime.startswith("python") and not _defines(code, function):
            yield path, f"the inline code defines no '{function}'"


def _defines(code: str, function: str) -> bool:
    name = re.escape(function)
    found = re.search(rf"(?m)^(?:async )?def {name}\b|^{name}\s*=|^from \S+ import .*\b{name}\b", code)
    return bool(found) or "exec(" in code or not known(code)
