"""What a refresh changes: entries added, removed and changed in each table, and registry accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LOSS_LIMIT = 0.10

Entries = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class TableChange:
    """One table before and after. ``changed`` has a line for each entry, saying in which fields."""

    table: str
    before: int
    after: int
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def lost_too_much(self) -> bool:
        """More than a tenth of what was there is gone, whatever came in its place."""
        return len(self.removed) > LOSS_LIMIT * self.before

    def lines(self) -> Iterator[str]:
        """A summary line, and one line for each difference."""
        counts = f"+{len(self.added)} -{len(self.removed)} ~{len(self.changed)}"
        same = not (self.added or self.removed or self.changed)
        yield f"{self.table}: {self.before} → {self.after} ({'unchanged' if same else counts})"
        for sign, entries in (("+", self.added), ("-", self.removed), ("~", self.changed)):
            yield from (f"  {sign} {entry}" for entry in entries)


@dataclass(frozen=True)
class Comparison:
    """All differences between two states of the data. ``accounts`` has a line for each that changed."""

    tables: tuple[TableChange, ...]
    accounts: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Everything, for printing."""
        yield from self.sources
        for table in self.tables:
            yield from table.lines()
        if self.accounts:
            yield f"registry accounts: {len(self.accounts)} changed"
            yield from (f"  ! {line}" for line in self.accounts)
        yield from self.notes

    def refused(self, *, accept_losses: bool = False, accept_account_changes: bool = False) -> list[str]:
        """Why this must not be written; nothing when it may."""
        reasons = []
        if not accept_losses:
            reasons += [
                f"{table.table}: lost {len(table.removed)} of {table.before}, more than {LOSS_LIMIT:.0%}"
                for table in self.tables
                if table.lost_too_much
            ]
        if self.accounts and not accept_account_changes:
            reasons.append(f"registry accounts changed: {len(self.accounts)}")
        return reasons


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    """The differences between two sets of tables as `refresh.read` gives them; ``before`` may lack some."""
    old_images, new_images = _images(before), _images(after)
    old_types, new_types = _instances(before), _instances(after)
    return Comparison(
        tables=(
            _change("families", _families(old_images), _families(new_images)),
            _change("images", old_images, new_images),
            _change("image regions", _pairs(old_images, "accounts"), _pairs(new_images, "accounts")),
            _change("instances", old_types, new_types),
            _change("instance regions", _pairs(old_types, "regions"), _pairs(new_types, "regions")),
            _change("regions", _regions(before), _regions(after)),
        ),
        accounts=tuple(_account_changes(old_images, new_images)),
        sources=tuple(_sources(after)),
        notes=tuple(_notes(after)),
    )


def _change(table: str, before: Entries, after: Entries) -> TableChange:
    pairs = table.endswith(" regions")  # counted, and listed by the entries they belong to
    changed = [] if pairs else [_difference(key, before[key], after[key]) for key in before if key in after]
    removed = tuple(key for key in before if key not in after)
    added = tuple(key for key in after if key not in before)
    return TableChange(
        table, len(before), len(after), added, removed, tuple(line for line in changed if line)
    )


def _difference(key: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    parts = []
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if name in ("accounts", "regions"):
            gone, come = sorted(set(old or ()) - set(new or ())), sorted(set(new or ()) - set(old or ()))
            words = [f"+{region}" for region in come] + [f"-{region}" for region in gone]
            parts += [f"regions {' '.join(words)}"] if words else []
        else:
            parts.append(f"{name} {old} → {new}")
    return f"{key}: {'; '.join(parts)}" if parts else ""


def _account_changes(before: Entries, after: Entries) -> Iterator[str]:
    """One line for each region and pair of accounts, with the images it concerns counted."""
    seen: dict[tuple[str, str, str], list[str]] = {}
    for key, row in before.items():
        for region, account in row["accounts"].items():
            now = after.get(key, {}).get("accounts", {}).get(region, account)
            if now != account:
                seen.setdefault((region, account, now), []).append(key)
    for (region, account, now), keys in sorted(seen.items()):
        more = f" and {len(keys) - 1} more images" if len(keys) > 1 else ""
        yield f"{region}: {account} → {now} ({keys[0]}{more})"


def _images(tables: Mapping[str, Any]) -> Entries:
    table = tables.get("images", {})
    entries: Entries = {}
    for family, rows in table.get("families", {}).items():
        for row in rows:
            words = [family, row["v"], row.get("base", ""), row.get("arch", "")]
            group = table["accounts"][row["acct"]]
            regions = table["region_sets"][row["in"]]
            fields = {key: value for key, value in row.items() if key not in ("acct", "in")}
            entries[" ".join(word for word in words if word)] = fields | {
                "accounts": {region: group[region] for region in regions}
            }
    return entries


def _families(images: Entries) -> Entries:
    return {key.partition(" ")[0]: {} for key in images}


def _instances(tables: Mapping[str, Any]) -> Entries:
    table = tables.get("instances", {})
    return {
        name: {key: value for key, value in row.items() if key != "in"}
        | {"regions": table["region_sets"][row["in"]]}
        for name, row in table.get("types", {}).items()
    }


def _regions(tables: Mapping[str, Any]) -> Entries:
    return dict(tables.get("regions", {}).get("regions", {}))


def _pairs(entries: Entries, name: str) -> Entries:
    return {f"{key} in {region}": {} for key, row in entries.items() for region in row[name]}


def _notes(tables: Mapping[str, Any]) -> Iterator[str]:
    missing = tables["instances"]["without_hardware"]
    if missing:
        yield f"left out, no hardware data: {', '.join(missing)}"


def _sources(tables: Mapping[str, Any]) -> Iterator[str]:
    seen = dict.fromkeys(
        (s["package"], s["version"], s["sha256"]) for t in tables.values() for s in t["sources"]
    )
    yield from (f"{package} {version}  sha256 {digest}" for package, version, digest in sorted(seen))
