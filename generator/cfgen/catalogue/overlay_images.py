"""The ``images`` part of an overlay; its format stands in ``overlay``."""

from __future__ import annotations

from typing import Any

import yaml

from cfgen.catalogue import overlay_checks as check
from cfgen.catalogue.catalogue import newest_first
from cfgen.catalogue.errors import did_you_mean
from cfgen.catalogue.families import canonical
from cfgen.catalogue.overlay_yaml import INVALID, Check, Fields, Reader
from cfgen.catalogue.versions import cuda_in_tag

_FAMILY = check.text(
    r"[a-z0-9]([a-z0-9.-]{0,62}[a-z0-9])?", "a name of small letters, digits, dots and dashes"
)
_VERSION = check.text(
    r"(?!latest\Z)[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "a version; 'latest' is always the newest"
)
_LIKE = check.text(
    r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}(:[A-Za-z0-9][A-Za-z0-9._-]{0,63})?", "version or family:version"
)
# the shapes Amazon ECR accepts
_REPOSITORY = check.text(r"[a-z0-9]+([._/-][a-z0-9]+)*", "a repository name")
_TAG = check.text(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", "an image tag")
_ACCOUNT = check.text(r"\d{12}", "an account: 12 digits, in quotes")
_PROCESSOR = check.choice("gpu", "cpu", "neuron")

# what overrides a row's field of another name
_FIELDS: dict[str, tuple[str, Check]] = {
    "repository": ("repo", _REPOSITORY),
    "tags": ("tags", check.mapped(_PROCESSOR, _TAG)),
    "aliases": ("alias", check.listed(_VERSION)),
    "cuda": ("cuda", check.text(r"\d{1,2}\.\d", "a version like '13.0', in quotes")),
    "architecture": ("arch", check.choice("x86_64", "arm64")),
    "base": ("base", check.text(r"[a-z]+\d+(\.\d+)*", "a framework like pytorch2.6.0")),
}


def merge_images(reader: Reader, node: yaml.Node, table: dict[str, Any], region: Check) -> None:
    """Merge into the images table. ``region`` checks that a region exists."""
    own = {
        "like": _LIKE,
        "accounts": check.mapped(region, _ACCOUNT),
        "regions": check.listed(region),
        "addRegions": check.listed(region),
    }
    checks = own | {key: each for key, (_, each) in _FIELDS.items()}
    for family, family_node, versions in reader.entries(node, "images"):
        _FAMILY(reader, family_node, f"images.{family}")
        name = family if family in table["families"] else canonical(family)
        for version, version_node, body in reader.entries(versions, f"images.{family}"):
            path = f"images.{family}.{version}"
            fields = reader.fields(body, path, checks)
            if _VERSION(reader, version_node, path) is INVALID or not isinstance(body, yaml.MappingNode):
                continue
            _merge_version(_Entry(reader, table, name, version, version_node, path), fields)


class _Entry:
    """One version being merged: where it stands in the file, and the rows it concerns."""

    def __init__(
        self, reader: Reader, table: dict[str, Any], family: str, version: str, node: yaml.Node, path: str
    ) -> None:
        self.reader, self.table, self.node, self.path = reader, table, node, path
        self.family, self.version = family, version
        self.rows: list[dict[str, Any]] = table["families"].setdefault(family, [])

    def report(self, message: str, fix: str = "") -> None:
        self.reader.report(self.node, self.path, message, fix)

    def row(self, family: str, version: str, fields: dict[str, Any]) -> dict[str, Any] | None:
        """The row of a version: of the architecture and base that are given, else the one meant first."""
        for row in newest_first(self.table["families"].get(family, [])):
            same = version == row["v"] or version in row.get("alias", ())
            wanted = (fields.get("architecture"), fields.get("base"))
            if (
                same
                and wanted[0] in (None, row.get("arch", "x86_64"))
                and wanted[1] in (None, row.get("base"))
            ):
                return dict(row)
        return None

    def accounts(self, row: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
        """A row's accounts, and all that its group has, also of regions where this version is not."""
        if "accounts" in row:
            return dict(row["accounts"]), dict(row["accounts"])
        group = self.table["accounts"][row["acct"]]
        return {region: group[region] for region in self.table["region_sets"][row["in"]]}, dict(group)


def _merge_version(entry: _Entry, fields: Fields) -> None:
    old = entry.row(entry.family, entry.version, fields)
    model = old
    if "like" in fields:
        family, _, version = fields["like"].rpartition(":")
        family = canonical(family) if family else entry.family
        model = entry.row(family, version, {}) or entry.row(family, version, fields)
        if model is None:
            known = [row["v"] for row in newest_first(entry.table["families"].get(family, []))]
            guess = did_you_mean(version, known).removeprefix("; ")
            entry.report(f"like: no version '{version}' of {family}", guess)
            return
    row: dict[str, Any] = dict(model or {})
    row.pop("alias", None)  # a version's other names are its own, whatever it is like
    if old is not None:
        row |= {"alias": old["alias"]} if "alias" in old else {}
    else:
        missing = fields.lacks("tags") if model else fields.lacks("repository", "tags", "accounts")
        if missing and (model or "like" not in fields.given):
            fix = "" if model else "or like: a version it resembles"
            entry.report(f"a new version needs {', '.join(missing)}", fix)
    row |= {_FIELDS[key][0]: value for key, value in fields.items() if key in _FIELDS}
    if not (row.get("tags") and row.get("repo")):
        return  # reported already
    if "tags" in fields and "cuda" not in fields:
        row["cuda"] = cuda_in_tag(row["tags"].get("gpu", "")) or (row.get("cuda") if old else None)
    row["v"] = entry.version if old is None else old["v"]
    row["accounts"] = _accounts(entry, model, fields)
    for key in ("acct", "in"):
        row.pop(key, None)
    identity = (row["v"], row.get("arch", "x86_64"), row.get("base", ""))
    entry.rows[:] = [
        other
        for other in entry.rows
        if (other["v"], other.get("arch", "x86_64"), other.get("base", "")) != identity
    ]
    entry.rows.append(row)


def _accounts(entry: _Entry, model: dict[str, Any] | None, fields: dict[str, Any]) -> dict[str, str]:
    """Region → account: the model's, cut to ``regions``, with ``addRegions`` and ``accounts`` put in."""
    accounts, group = entry.accounts(model) if model else ({}, {})
    given = fields.get("accounts", {})
    group |= given
    wanted = set(fields.get("regions", accounts)) | set(fields.get("addRegions", ())) | set(given)
    unknown = sorted(wanted - group.keys())
    if unknown:
        entry.report(f"no registry account is known for {', '.join(unknown)}", "give it under accounts")
    return {region: group[region] for region in sorted(wanted & group.keys())}
