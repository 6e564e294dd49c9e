"""Facts about AWS: container images and their registries, instance types, regions.

::

    catalogue = load()                                   # or load(Path("cfgen.yaml")): with an overlay
    image = catalogue.image("tgi", None, "gpu")          # newest; "3.3" and "3.3.6" work too
    image.uri("eu-west-1", catalogue.region("eu-west-1").url_suffix)
    catalogue.instance("ml.g5.2xlarge").regions          # where it is priced for hosting
    catalogue.price("ml.g5.2xlarge")                     # about what an hour costs, or None

The data is bundled (``data/*.json``), derived from published packages by ``refresh``. Loading is cheap:
nothing but JSON is read, objects are built when they are asked for, and of this module's names those that a
render does not need are imported when they are touched. ``overlay`` defines the format of a user's file.
"""

from __future__ import annotations

from cfgen.catalogue.catalogue import Catalogue
from cfgen.catalogue.families import ALIASES, canonical
from cfgen.catalogue.model import Image, Instance, Region

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from cfgen.catalogue.errors import (
        CatalogueError,
        DataError,
        ImageNotInRegion,
        NoImageForProcessor,
        OverlayError,
        UnknownFamily,
        UnknownInstance,
        UnknownRegion,
        UnknownVersion,
    )
    from cfgen.catalogue.listing import ImageVersion, Source
    from cfgen.catalogue.prices import Price

__all__ = [
    "ALIASES",
    "Catalogue",
    "CatalogueError",
    "DataError",
    "Image",
    "ImageNotInRegion",
    "ImageVersion",
    "Instance",
    "NoImageForProcessor",
    "OverlayError",
    "Price",
    "Region",
    "Source",
    "UnknownFamily",
    "UnknownInstance",
    "UnknownRegion",
    "UnknownVersion",
    "canonical",
    "load",
]

_bundled: Catalogue | None = None


def load(overlay: Path | None = None) -> Catalogue:
    """The bundled catalogue (read once), or a new one with the user's ``overlay`` file merged over it.

    Raises OverlayError for a faulty overlay and DataError for a damaged installation.
    """
    global _bundled
    if overlay is not None:
        from cfgen.catalogue.overlay import merged

        return merged(overlay, _tables())
    if _bundled is None:
        _bundled = Catalogue(**_tables())
    return _bundled


def _tables() -> dict[str, Any]:
    import json
    import os

    folder = os.path.join(os.path.dirname(__file__), "data")  # noqa: PTH118, PTH120 - pathlib costs 3 ms
    try:
        tables = {}
        for name in ("images", "instances", "regions"):
            with open(f"{folder}/{name}.json", "rb") as stream:  # noqa: PTH123
                tables[name] = json.loads(stream.read())
        return tables
    except (OSError, ValueError) as error:
        from cfgen.catalogue.errors import DataError

        raise DataError(
            f"cfgen's own catalogue cannot be read: {error}", hint="Install cfgen again."
        ) from error


def __getattr__(name: str) -> Any:
    if name in __all__:
        from cfgen.catalogue import errors, listing, prices

        return getattr(next(m for m in (errors, listing, prices) if hasattr(m, name)), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
