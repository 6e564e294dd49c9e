"""``instanceType: auto`` → the cheapest type that the model fits, from facts about the model and the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfgen.catalogue import Catalogue, Instance
from cfgen.errors import CfgenError
from cfgen.resolve import instances as types
from cfgen.resolve.collector import Collector, Stop
from cfgen.resolve.container_defaults import EMBEDDING_TASKS
from cfgen.resolve.repositories import hub_models
from cfgen.spec import Spec
from cfgen.spec.model import ContainerModel

if TYPE_CHECKING:
    from cfgen.models.facts import ModelFacts
    from cfgen.resolve.sizing_options import Sizing

PATH = "endpoint.instanceType"
NAME_ONE = "name an instance type such as ml.g6.2xlarge"


def pick(catalogue: Catalogue, notes: Collector) -> tuple[Instance, Sizing | None]:
    """The instance type the spec names; or, for auto, the one it leaves to cfgen, and how that was chosen.

    Raises Stop after noting why there is none.
    """
    asked = notes.spec.data.endpoint
    if asked.instance_type != "auto":
        return types.chosen_instance(asked.instance_type, PATH, catalogue, notes), None
    from cfgen.catalogue import UnknownFamily, UnknownRegion, UnknownVersion
    from cfgen.resolve.sizing_options import SizingError
    from cfgen.resolve.sizing_words import why_none

    try:
        sizing = size_spec(catalogue, notes)
    except SizingError as error:
        raise notes.stop(error.path, error) from error
    except (UnknownFamily, UnknownVersion) as error:
        raise notes.stop("model.container", error) from error
    except UnknownRegion as error:
        raise notes.stop("regions", error) from error
    except CfgenError as error:
        notes.refuse(PATH, f"auto has nothing to go by: {error.message}", NAME_ONE)
        raise Stop from error
    if sizing.choice is None:
        notes.refuse(PATH, *why_none(sizing))
        raise Stop
    return sizing.choice.instance, sizing


def check_asked(notes: Collector) -> None:
    """Refuse what only a sizing would heed, where nothing is sized."""
    data = notes.spec.data
    types_named = (data.endpoint.instance_type, *(one.instance_type for one in data.variants or ()))
    if "auto" in types_named and isinstance(data.model, ContainerModel):
        return
    for key, value in (("concurrency", data.endpoint.concurrency), ("maxPrice", data.endpoint.max_price)):
        if value is not None:
            notes.refuse(
                f"endpoint.{key}", "is of use with instanceType: auto only, for containers", "leave it out"
            )


def size_spec(
    catalogue: Catalogue,
    notes: Collector,
    *,
    container: str = "",
    context: int | None = None,
    concurrency: int | None = None,
    regions: tuple[str, ...] = (),
    max_price: float | None = None,
) -> Sizing:
    """The sizing of the spec's model; what is given goes before the spec's own. Raises CfgenError's kinds."""
    from cfgen.resolve.sizing_options import Wanted, load_of, size

    facts = facts_of(notes, *model_named(notes.spec))
    data = notes.spec.data
    model, asked = data.model, data.endpoint
    assert isinstance(model, ContainerModel)
    wanted = Wanted(
        load_of(facts, context or asked.context, concurrency or asked.concurrency),
        container or model.container,
        regions or tuple(data.regions or ()),
        max_price or asked.max_price,
        asked.volume_size,
        model.task in EMBEDDING_TASKS,
        None if asked.allowed_instance_types is None else tuple(asked.allowed_instance_types),
    )
    return size(facts, catalogue, wanted)


def model_named(spec: Spec) -> tuple[str, str]:
    """Id and revision (empty when none is pinned) of the model to size. Raises SizingError when there is none."""
    from cfgen.resolve.sizing_options import SizingError

    model = spec.data.model
    if not isinstance(model, ContainerModel):
        raise SizingError(
            f"what a {model.type} model needs is not known: auto sizes containers", hint=NAME_ONE
        )
    if not model.model_id:
        raise SizingError("without modelId there is no model to size", hint=NAME_ONE)
    (repository,) = hub_models(model)
    return repository.id, repository.revision or ""


def facts_of(notes: Collector, model: str, revision: str) -> ModelFacts:
    """Facts about a model, from whoever the notes know. Raises CfgenError."""
    from cfgen.resolve.sizing_options import SizingError

    if notes.facts is None:
        raise SizingError(f"no facts about {model} are at hand", hint=NAME_ONE)
    return notes.facts(model, revision)
