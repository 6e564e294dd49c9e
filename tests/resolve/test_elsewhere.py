"""Every region where a template does not launch has its reason."""

from __future__ import annotations

from cfgen.catalogue import load
from tests.specs import CONTAINER, PACKAGE, changed, stack_of

CATALOGUE = load()


def test_every_region_is_one_or_the_other() -> None:
    for data in (CONTAINER, PACKAGE, changed(CONTAINER, model__staging="s3")):
        stack = stack_of(data)
        why = dict(stack.elsewhere)
        assert not set(why) & set(stack.regions)
        assert set(why) | set(stack.regions) == set(CATALOGUE.regions)
        assert all(why.values())


def test_reasons_name_what_is_missing() -> None:
    why = dict(stack_of(CONTAINER).elsewhere)
    assert why["sa-west-1"] == "CloudFormation has no SageMaker endpoints there"
    assert "no registry has this version of the image there" in why["us-iso-east-1"]
    hosted = CATALOGUE.instance("ml.g5.2xlarge").regions
    nowhere = [name for name, text in why.items() if text.startswith("hosts neither ml.g5.2xlarge")]
    assert nowhere
    assert not set(nowhere) & hosted
    assert dict(stack_of(PACKAGE).elsewhere)["us-west-2"] == "the spec names no model package there"


def test_pools_name_the_types_that_are_missing() -> None:
    pools = [{"instanceType": "ml.g6.2xlarge"}, {"instanceType": "ml.g6e.2xlarge"}]
    spec = changed(CONTAINER, endpoint={"instancePools": pools})
    why = dict(stack_of(spec).elsewhere)
    g6, g6e = (CATALOGUE.instance(name).regions for name in ("ml.g6.2xlarge", "ml.g6e.2xlarge"))
    one = sorted(name for name in why if name in g6 - g6e and "the pools need" in why[name])
    assert one
    assert {why[name] for name in one} == {"does not host ml.g6e.2xlarge, which the pools need"}
    assert not any("neither  nor" in text for text in why.values())


def test_the_spec_own_list_is_a_reason() -> None:
    why = dict(stack_of(changed(CONTAINER, regions=["us-east-1"])).elsewhere)
    assert why["us-west-2"] == "not among the spec's regions"


def test_builds_and_networks_have_theirs() -> None:
    built = changed(CONTAINER, model__staging="s3")
    assert "CodeBuild" in dict(stack_of(built).elsewhere)["ca-west-1"]
    wide = changed(CONTAINER, vpc={"mode": "create", "availabilityZones": 3})
    assert "availability zones" in dict(stack_of(wide).elsewhere)["us-west-1"]
