"""The model's licence as a plan tells it."""

from __future__ import annotations

from cfgen.catalogue import licenses
from cfgen.plan.model import Check, LicenseView
from cfgen.spec import Spec


def license_view(spec: Spec) -> LicenseView:
    """What the spec says of the model's licence, and what is known of that licence."""
    stated = spec.data.model.license
    if stated is None:
        return LicenseView(
            "", "not stated", None, False, (), "the spec names no licence: read the model's page"
        )
    known, unknown = licenses.find(stated.id)
    links = tuple(dict.fromkeys(one.link for one in known if one.link))
    title = " and ".join([*(one.title for one in known), *unknown]) or stated.id
    binding = [one for one in known if not one.permissive]
    if binding:
        words = "; ".join(dict.fromkeys(one.why for one in binding))
        return LicenseView(stated.id, title, False, stated.accepted, links, words)
    if unknown:
        words = "not a licence that cfgen knows: read it"
        return LicenseView(stated.id, title, None, stated.accepted, links, words)
    return LicenseView(stated.id, title, True, stated.accepted, links, "permissive: attribution at most")


def license_check(view: LicenseView) -> Check:
    """The view as a check. Resolving has refused a binding licence that is not accepted."""
    link = view.links[0] if view.links else ""
    if not view.id:
        return Check(
            "license", "todo", "licence", view.words, "state it: model.license: {id: …, accepted: true}"
        )
    if view.accepted or view.permissive:
        said = "accepted in the spec" if view.accepted else "no acceptance needed"
        return Check("license", "ok", f"licence {view.title}", f"{view.words}; {said}", link=link)
    return Check(
        "license", "warning", f"licence {view.title}", view.words, "read it, then accepted: true", link=link
    )
