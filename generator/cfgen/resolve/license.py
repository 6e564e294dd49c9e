"""``model.license``: a licence that binds whoever serves the model must be accepted; one that is not known is told."""

from __future__ import annotations

from cfgen.catalogue import licenses
from cfgen.resolve.collector import Collector


def check_license(notes: Collector) -> None:
    """Refuse a licence that is not permissive and not accepted; warn of one that nobody here knows."""
    stated = notes.spec.data.model.license
    if stated is None or stated.accepted:
        return
    known, unknown = licenses.find(stated.id)
    binding = next((one for one in known if not one.permissive), None)
    if binding is not None:
        where = f" ({binding.link})" if binding.link else " (on the model's page)"
        notes.refuse(
            "model.license",
            f"{binding.title} is not permissive: {binding.why}",
            f"read it{where}, then accepted: true",
        )
    elif unknown:
        notes.warn(
            "model.license.id",
            f"{unknown[0]} is not a licence known to cfgen",
            "read it on the model's page, then accepted: true",
        )
