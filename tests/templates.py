"""Reading rendered templates in tests: CloudFormation's YAML as plain data, strictly."""

from __future__ import annotations

from typing import Any

import yaml

from cfgen.document import short_form


class StrictLoader(yaml.SafeLoader):
    """PyYAML's pure loader with CloudFormation's short tags; a repeated key is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        repeated = {key for key in keys if keys.count(key) > 1}
        if repeated:
            raise yaml.constructor.ConstructorError(None, None, f"repeated keys {repeated}", node.start_mark)
        return super().construct_mapping(node, deep=deep)


StrictLoader.add_multi_constructor("!", short_form)


def load(text: str) -> dict[str, Any]:
    """The template as data. Raises yaml.YAMLError for what is not strict YAML."""
    data = yaml.load(text, Loader=StrictLoader)
    assert isinstance(data, dict)
    return data


def shape(value: Any) -> Any:
    """The structure of a value: every leaf as the name of its type."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value).__name__
