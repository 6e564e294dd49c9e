"""cfn-lint without its surroundings: no configuration file, no schema cache, no environment, no network.

What cfn-lint 1.58 looks up by itself (``cfnlint/config.py``, ``cfnlint/schema/manager.py``):

- ``.cfnlintrc``, ``.cfnlintrc.yaml``, ``.cfnlintrc.yml`` in the working folder and in the home folder;
- ``AWS_REGION`` and ``AWS_DEFAULT_REGION`` when no region is given;
- schemas under ``$XDG_CACHE_HOME/aws/cfn-lint`` (or the platform's cache folder) when newer than its own,
  chosen once when ``cfnlint.schema`` is imported; a download when it finds neither.
"""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

from pathlib import Path

import cfnlint
from cfnlint.config import ConfigMixIn
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from cfgen.errors import CfgenError

_BUNDLED = Path(cfnlint.__file__).parent / "data" / "schemas"


class LintSetupError(CfgenError):
    """The installed cfn-lint cannot be used the way cfgen uses it."""


class HermeticConfig(ConfigMixIn):  # type: ignore[misc]
    """cfn-lint's configuration, but nothing is read from files beside the template itself."""

    def _find_config(self) -> tuple[str, str]:
        """No user's and no project's file (an empty path is cfn-lint's own "not found")."""
        return "", ""


def config(regions: tuple[str, ...]) -> HermeticConfig:
    """A fresh configuration for one template: cfn-lint keeps the template's own settings in it."""
    return HermeticConfig([], regions=list(regions), include_checks=["I9"])


def use_bundled_schemas() -> None:
    """Point cfn-lint's one schema manager at the schemas in its package, whatever a home folder holds."""
    if not (_BUNDLED / "providers" / "us-east-1.json").is_file():
        raise LintSetupError(
            "the installed cfn-lint carries no resource schemas",
            hint="reinstall cfn-lint 1.58 or later from its wheel",
        )
    manager = PROVIDER_SCHEMA_MANAGER
    wanted = _BUNDLED / "providers"
    if manager._providers_dir.resolve() != wanted.resolve():
        manager._providers_dir = wanted
        manager._resources_dir = _BUNDLED / "resources"
        manager.reset()
