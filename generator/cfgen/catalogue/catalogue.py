"""The look-ups: `Catalogue` over plain tables, building each answer when it is asked for.

Every render imports this, so it imports little: errors when one is raised, listings when they are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

from cfgen.catalogue.families import ALIASES, STAND_INS, canonical
from cfgen.catalogue.model import Image, Instance, Region
from cfgen.catalogue.versions import version_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeVar

    from cfgen.catalogue.listing import ImageVersion, Source
    from cfgen.catalogue.prices import Price

    T = TypeVar("T")
    Row = Mapping[str, Any]
    Table = Mapping[str, Any]
    LazyBase = Mapping[str, T]
else:
    LazyBase = Mapping


class Lazy(LazyBase):  # type: ignore[type-arg]
    """A read-only mapping of names to values, each built from its row on first access."""

    __slots__ = ("_build", "_built", "_rows")

    def __init__(self, rows: Mapping[str, Any], build: Callable[[str, Any], Any]) -> None:
        self._rows, self._build = rows, build
        self._built: dict[str, Any] = {}

    def __getitem__(self, key: str) -> Any:
        try:
            return self._built[key]
        except KeyError:
            return self._built.setdefault(key, self._build(key, self._rows[key]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: object) -> bool:
        return key in self._rows


class Catalogue:
    """Images, instance types and regions. Get one from `cfgen.catalogue.load`.

    ``regions`` and ``instances`` are mappings by name.
    """

    def __init__(self, images: Table, instances: Table, regions: Table, overlay: str = "") -> None:
        self._images, self._instances, self._regions, self._overlay = images, instances, regions, overlay
        self._families: Mapping[str, list[Row]] = Lazy(images["families"], lambda _, rows: newest_first(rows))
        self.instances: Mapping[str, Instance] = Lazy(instances["types"], self._instance)
        self.regions: Mapping[str, Region] = Lazy(regions["regions"], _region)
        self._prices: Mapping[str, Price] | None = None

    @property
    def sources(self) -> tuple[Source, ...]:
        """The published packages behind the data, each once, by name."""
        from cfgen.catalogue.listing import Source

        tables = (self._images, self._instances, self._regions)
        found = {source["sha256"]: Source(**source) for table in tables for source in table["sources"]}
        return tuple(sorted(found.values(), key=lambda source: (source.package, source.version)))

    @property
    def version(self) -> str:
        """``botocore 1.44.5, …`` and the digest of an overlay, if any: a stamp for a template's Metadata."""
        words = [f"{source.package} {source.version}" for source in self.sources]
        return ", ".join([*words, f"overlay {self._overlay}"] if self._overlay else words)

    def families(self) -> tuple[str, ...]:
        """All image families by the catalogue's own names, sorted."""
        return tuple(sorted(self._families))

    def versions(self, family: str) -> tuple[ImageVersion, ...]:
        """All versions of a family (or an alias of it) for all architectures, newest first.

        Raises UnknownFamily.
        """
        from cfgen.catalogue.listing import ImageVersion

        name = self._known(family)
        return tuple(
            ImageVersion(
                family=name,
                version=row["v"],
                repository=row["repo"],
                tags=row["tags"],
                accounts=self._accounts(row),
                base=row.get("base", ""),
                cuda=row.get("cuda"),
                architecture=_architecture(row),
                aliases=tuple(row.get("alias", ())),
            )
            for row in self._families[name]
        )

    def image(self, family: str, version: str | None, processor: str, architecture: str = "x86_64") -> Image:
        """The image of ``family`` for a processor (``gpu``, ``cpu``, ``neuron``) and architecture.

        ``version`` is one of the family's, an alias (``0.30``), or a version and its framework
        (``4.28.1-pytorch2.0.0``); None and ``latest`` are the newest that has such an image. When a product
        has a family of its own for the processor (TEI on CPUs), the image is that family's.

        Raises UnknownFamily, UnknownVersion, NoImageForProcessor.
        """
        name = self._known(family)
        rows = self._families[name]
        stand_in = STAND_INS.get(name, {}).get((processor, architecture), name)
        if stand_in in self._families and not any(_serves(row, processor, architecture) for row in rows):
            name, rows = stand_in, self._families[stand_in]
        wanted = None if version in (None, "", "latest") else version
        named = rows if wanted is None else [row for row in rows if _is_called(row, wanted)]
        if wanted is not None and not named:
            from cfgen.catalogue.errors import UnknownVersion

            raise UnknownVersion(name, wanted, [row["v"] for row in rows])
        for row in named:
            if _serves(row, processor, architecture):
                return Image(
                    family=name,
                    version=row["v"],
                    processor=processor,
                    repository=row["repo"],
                    tag=row["tags"][processor],
                    accounts=self._accounts(row),
                    base=row.get("base", ""),
                    cuda=row.get("cuda") if processor == "gpu" else None,
                    architecture=architecture,
                )
        from cfgen.catalogue.errors import NoImageForProcessor

        raise NoImageForProcessor(
            name,
            wanted,
            (processor, architecture),
            [(p, _architecture(row)) for row in named for p in row["tags"]],
        )

    def instance(self, name: str) -> Instance:
        """An instance type by name. Raises UnknownInstance; it says why a type that exists hosts nothing."""
        try:
            return self.instances[name]
        except KeyError:
            from cfgen.catalogue.errors import UnknownInstance

        reason = ""
        if name in self._instances["unpriced"]:
            reason = "SageMaker's API knows it, but no region has a hosting price for it"
        elif name in self._instances["unlisted"]:
            reason = "it has hosting prices, but SageMaker's API does not accept it for an endpoint"
        raise UnknownInstance(name, self.instances, reason)

    def price(self, name: str) -> Price | None:
        """What an hour of an instance type costs, about; None when no price is known. Raises UnknownInstance."""
        if self._prices is None:
            from cfgen.catalogue.prices import bundled

            self._prices = bundled()
        return self._prices.get(self.instance(name).name)

    def region(self, name: str) -> Region:
        """A region by name. Raises UnknownRegion."""
        try:
            return self.regions[name]
        except KeyError:
            from cfgen.catalogue.errors import UnknownRegion

        raise UnknownRegion(name, self.regions)

    def _known(self, family: str) -> str:
        name = family if family in self._families else canonical(family)
        if name in self._families:
            return name
        from cfgen.catalogue.errors import UnknownFamily

        raise UnknownFamily(
            family, {*self._families, *(a for a, n in ALIASES.items() if n in self._families)}
        )

    @property
    def registries(self) -> frozenset[str]:
        """The accounts in whose registries AWS keeps its own images."""
        return frozenset(account for group in self._images["accounts"].values() for account in group.values())

    def _accounts(self, row: Row) -> Mapping[str, str]:
        """Region → registry account: the row's own (an overlay's), or its group's in a set of regions."""
        own: Mapping[str, str] | None = row.get("accounts")
        if own is not None:
            return own
        group = self._images["accounts"][row["acct"]]
        return {region: group[region] for region in self._images["region_sets"][row["in"]]}

    def _instance(self, name: str, row: Row) -> Instance:
        regions = row["regions"] if "regions" in row else self._instances["region_sets"][row["in"]]
        return Instance(
            name=name,
            vcpus=row["vcpus"],
            memory_gib=float(row["memory"]),
            network=row["network"],
            accelerator=row.get("acc"),
            accelerators=row.get("n", 0),
            accelerator_memory_gib=float(row.get("acc_memory", 0)),
            neuron_cores=row.get("cores", 0),
            nvme_gb=row.get("nvme", 0),
            regions=frozenset(regions),
            architecture=_architecture(row),
            burstable=row.get("burstable", False),
        )


def newest_first(rows: list[Row]) -> list[Row]:
    """Image rows of a family by age. Of one version on several frameworks, PyTorch comes first: it is what is
    meant when none is named."""

    def age(row: Row) -> tuple[Any, ...]:
        base: str = row.get("base", "")
        return version_key(row["v"]), base.startswith("pytorch"), version_key(base)

    return sorted(rows, key=age, reverse=True)


def _region(name: str, row: Row) -> Region:
    return Region(name, **row)


def _architecture(row: Row) -> str:
    return str(row.get("arch", "x86_64"))


def _serves(row: Row, processor: str, architecture: str) -> bool:
    return processor in row["tags"] and _architecture(row) == architecture


def _is_called(row: Row, version: str) -> bool:
    return version in (row["v"], f"{row['v']}-{row.get('base', '')}") or version in row.get("alias", ())
