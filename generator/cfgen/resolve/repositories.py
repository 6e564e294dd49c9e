"""The Hugging Face repositories of a model, however the spec names them."""

from __future__ import annotations

from cfgen.spec.model import ContainerModel, CustomInferenceModel, HubModel


def hub_models(model: ContainerModel | CustomInferenceModel) -> list[HubModel]:
    """One record a repository; empty when the model names none."""
    given = model.model_id
    if given is None:
        return []
    if isinstance(given, str):
        return [HubModel.model_validate({"id": given, "revision": model.revision})]
    return [HubModel.model_validate({"id": one}) if isinstance(one, str) else one for one in given]
