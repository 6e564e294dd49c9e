"""The model's licence: permissive ones pass, binding ones must be accepted, unknown ones are told."""

from __future__ import annotations

import pytest

from cfgen.catalogue import licenses
from cfgen.resolve import ResolveError
from tests.specs import CONTAINER, changed, stack_of


def resolved(identity: str, accepted: bool | None = None) -> tuple[str, ...]:
    stated = {"id": identity} | ({} if accepted is None else {"accepted": accepted})
    return stack_of(changed(CONTAINER, model__license=stated)).warnings


@pytest.mark.parametrize(
    "identity", ["apache-2.0", "MIT", "apache-2.0 and mit", "bsd-3-clause", "cc-by-4.0", "cc0-1.0"]
)
def test_a_permissive_licence_needs_no_acceptance(identity: str) -> None:
    assert resolved(identity) == ()


@pytest.mark.parametrize(
    ("identity", "says"),
    [
        ("llama3.1", "Llama 3.1 Community License"),
        ("Llama-3.1", "Llama 3.1 Community License"),
        ("gemma", "Gemma Terms of Use"),
        ("cc-by-nc-4.0", "no commercial use"),
        ("apache-2.0 and cc-by-nc-4.0", "no commercial use"),
        ("openrail++", "OpenRAIL"),
        ("other", "the model's page"),
        ("agpl-3.0", "copyleft"),
    ],
)
def test_a_binding_licence_must_be_accepted(identity: str, says: str) -> None:
    for accepted in (None, False):
        with pytest.raises(ResolveError) as error:
            resolved(identity, accepted)
        said = str(error.value)
        assert says in said
        assert "model.license: " in said
        assert "accepted: true" in said
    assert resolved(identity, accepted=True) == ()


def test_an_unknown_licence_is_told_until_it_is_accepted() -> None:
    (warning,) = resolved("acme-model-1.0")
    assert "acme-model-1.0 is not a licence known to cfgen" in warning
    assert resolved("acme-model-1.0", accepted=True) == ()


def test_no_licence_is_no_error() -> None:
    assert stack_of(CONTAINER).warnings == ()


def test_the_table_links_and_explains() -> None:
    for identity, one in licenses.KNOWN.items():
        assert identity == identity.lower() == one.id
        assert one.permissive == (not one.why), identity
        assert not one.link or one.link.startswith("https://")
        assert not one.permissive or one.link, identity
