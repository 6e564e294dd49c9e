"""The page and its picture: complete, self-contained, safe for any text; boxes that never overlap."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgen.plan import picture
from cfgen.plan.account import Account
from cfgen.plan.atlas import atlas
from cfgen.plan.graph import Graph, Node
from cfgen.plan.layout import lay_out
from cfgen.plan.limits import NOBODY
from cfgen.plan.model import Check
from cfgen.plan.page import page
from cfgen.plan.text import lines, money
from tests.conftest import SPECS
from tests.plan.conftest import Planner
from tests.specs import CONTAINER, changed

HOSTILE = "<script>alert('x')</script> & \"quotes\" </style> é ${x}"


class Tags(HTMLParser):
    """What a page holds: tags with attributes, and whether every one is closed."""

    VOID = frozenset({"meta", "link", "br", "wbr", "input", "img", "path", "rect"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(text: str) -> Tags:
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    return tags


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_every_example_has_a_page_that_needs_nothing(spec: object, plan_of: Planner) -> None:
    plan = plan_of(getattr(spec, "stem", ""))
    text = page(plan)
    tags = read(text)
    names = [name for name, _ in tags.found]
    assert "script" not in names
    assert "img" not in names
    for name, attributes in tags.found:
        for key, value in attributes.items():
            if key in {"src", "srcset", "action", "data", "poster"} or (key == "href" and name != "a"):
                assert (value or "").startswith(("data:", "#")), (name, value)
    style = text.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    assert "{{" not in text
    assert " None" not in "".join(tags.text)
    ids = [attributes["id"] for _, attributes in tags.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {href[1:] for n, a in tags.found if n == "a" and (href := a["href"] or "").startswith("#")} <= set(
        ids
    )


def test_the_page_says_everything(plan_of: Planner) -> None:
    plan = plan_of("created-vpc", "us-east-1", "eu-west-1")
    said = re.sub(r"\s+", " ", "".join(read(page(plan)).text))
    for row in plan.resources:
        assert row.name in said
        assert row.description in said
    for field in plan.form.fields:
        assert field.label in said
        assert field.description in said
    for region in plan.table:
        assert region.name in said
    # limits that nobody read stand in their own table alone
    for check in plan.checks:
        assert check.title in said or check.detail == NOBODY
    for quota in plan.quotas:
        assert quota.need.name in said
    assert "eu-west-1" in said
    assert "must not use S3" not in said


def test_every_region_has_a_place_of_its_own_in_the_atlas(plan_of: Planner) -> None:
    plan = plan_of("llama-3.1-8b", "us-east-1", "eu-west-1")
    stranger = replace(plan.table[-1], name="moon-base-1", description=HOSTILE)
    drawn = atlas([*plan.table, stranger], plan.regions)
    corners = re.findall(r'"(tile-[^"]*)"><title>([^<,]*),[^<]*</title><rect x="(\d+)" y="(\d+)"', drawn)
    assert len({corner[2:] for corner in corners}) == len(plan.table) + 1
    kinds = {name: kind for kind, name, *_ in corners}
    assert kinds["us-east-1"] == "tile-yes chosen"
    assert kinds["eu-central-2"] == "tile-opt"
    assert kinds["us-west-1"] == "tile-no"
    assert "<script" not in drawn
    # only what the catalogue does not know yet stands beneath the world
    rows = {name: int(y) for _, name, _, y in corners}
    assert max(rows, key=lambda name: rows[name]) == "moon-base-1"
    assert sum(y == rows["moon-base-1"] for y in rows.values()) == 1
    east = {name: int(x) for _, name, x, _ in corners}
    assert (
        east["us-west-2"]
        < east["us-east-1"]
        < east["eu-west-1"]
        < east["ap-south-1"]
        < east["ap-northeast-1"]
    )


@pytest.mark.parametrize("spec", ["watched", "secured", "jumpstart-llama-3.1-8b", "model-package"])
def test_no_check_is_left_out_of_the_text(spec: str, plan_of: Planner) -> None:
    plan = plan_of(spec)
    said = " ".join(" ".join(lines(plan)).split())
    for check in plan.checks:
        assert check.title in said
    new = replace(plan, checks=(Check("of a new kind", "todo", "something else"),))
    assert "something else" in "\n".join(lines(new))


OWN = "222233334444.dkr.ecr.eu-west-1.amazonaws.com/serving/mine:1.2"


def test_an_image_of_one_s_own_is_not_known_to_be_there(plan_of: Planner) -> None:
    spec = changed(CONTAINER, model__container=OWN, model__modelId=None, model__modelData="s3://my-models/x/")
    other, same = (
        next(check for check in plan.checks if check.kind == "image")
        for plan in (
            plan_of(spec, "eu-west-1"),
            plan_of(spec, "eu-west-1", accounts={"eu-west-1": Account("eu-west-1", "222233334444")}),
        )
    )
    assert (other.status, other.title) == ("todo", "image mine:1.2")
    assert "repository's policy" in other.detail
    assert "repository's policy" not in same.detail
    assert next(check for check in plan_of("embeddings").checks if check.kind == "image").status == "ok"


def test_nothing_is_said_of_an_image_or_a_package_that_a_region_has_not(plan_of: Planner) -> None:
    for spec, kind in (("secured", "image"), ("model-package", "subscription")):
        plan = plan_of(spec, "us-gov-west-1")
        assert [check.kind for check in plan.failed] == ["region"]
        assert not any(check.kind == kind for check in plan.checks)
        assert not any("⟦" in f"{check.title} {check.detail} {check.fix}" for check in plan.checks)


def test_ids_of_another_kind_are_told(plan_of: Planner) -> None:
    wrong = plan_of("existing-vpc", values={"VpcId": "subnet-1", "SubnetIds": "subnet-1,vpc-1"})
    assert [check.title for check in wrong.failed] == [
        "parameter VpcId subnet-1 must begin with vpc-",
        "parameter SubnetIds subnet-1,vpc-1 must begin with subnet-",
    ]
    right = plan_of("existing-vpc", values={"VpcId": "vpc-1", "SubnetIds": "subnet-1, subnet-2"})
    assert right.failed == ()


def test_the_software_of_a_package_is_told_beside_the_bill(plan_of: Planner) -> None:
    said = " ".join(" ".join(lines(plan_of("model-package"))).split())
    assert "software of the model package (not priced here: AWS Marketplace" in said


def test_what_the_template_s_rules_say_is_told_with_its_link_whole(plan_of: Planner) -> None:
    plan = plan_of("jumpstart-llama-3.1-8b", values={"AcceptEula": "false"})
    said = "\n".join(lines(plan))
    rule = next(check for check in plan.failed if check.kind == "region")
    assert rule.detail.startswith("The licence must be accepted before the model is served: https://")
    assert rule.detail.rpartition(" ")[2] in said
    assert all(not row.launches for row in plan.table)
    assert (
        "the template's rules refuse it: The licence must be accepted"
        in {row.name: row.why for row in plan.table}["us-east-1"]
    )


@pytest.mark.parametrize(
    ("usd", "said"),
    [(0, "$0.00"), (1234.5, "$1,234"), (12.345, "$12.35"), (0.0034, "$0.0034"), (0.000137, "$0.00014"),
     (0.00012, "$0.00012"), (0.00008, "$0.00008"), (0.0000166667, "$0.000017")],
)  # fmt: skip
def test_money_never_says_nothing_for_something(usd: float, said: str) -> None:
    assert money(usd) == said


def test_hostile_text_stays_text(plan_of: Planner) -> None:
    spec = changed(
        CONTAINER, description=HOSTILE, model__description=HOSTILE[:150], model__license={"id": "<b>x</b>"}
    )
    text = page(plan_of(spec))
    assert "<script" not in text
    assert "<b>" not in text
    assert HOSTILE in "".join(read(text).text)


def test_the_page_is_the_same_every_time(plan_of: Planner) -> None:
    assert page(plan_of("embeddings")) == page(plan_of("embeddings"))


def test_small_things_are_drawn_with_theirs(plan_of: Planner) -> None:
    graph = plan_of("embeddings").graph
    nodes = {node.name: node for node in graph.nodes}
    assert "BuildRole" in nodes["BuildProject"].parts
    assert "BuildFunction" in nodes["Build"].parts
    assert "SmokeTestFunction" in nodes["SmokeTest"].parts
    assert nodes["Hugging Face hub"].outside
    names = {node.id: node.name for node in graph.nodes}
    said = {(names[start], names[end]) for start, end in graph.edges}
    assert {
        ("Your application", "Endpoint"),
        ("Endpoint", "EndpointConfig"),
        ("EndpointConfig", "Model"),
    } <= said
    assert ("BuildProject", "Hugging Face hub") in said


def test_twins_are_one_box(plan_of: Planner) -> None:
    assert "PrivateSubnet ×3" in [node.name for node in plan_of("created-vpc").graph.nodes]


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_every_resource_is_in_the_picture(spec: object, plan_of: Planner) -> None:
    plan = plan_of(getattr(spec, "stem", ""))
    drawn = {re.sub(r" ×\d+$", "", node.name) for node in plan.graph.nodes}
    drawn |= {part for node in plan.graph.nodes for part in node.parts}
    for row in plan.resources:
        assert row.name in drawn or re.sub(r"\d+$", "", row.name) in drawn, row.name


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Acyclic graphs."""
    count = draw(st.integers(1, 18))
    pairs = draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=40))
    nodes = tuple(Node(f"n{n}", f"Node{n}", "Service", "Thing", "Serving") for n in range(count))
    edges = sorted({(f"n{min(a, b)}", f"n{max(a, b)}") for a, b in pairs if a != b})
    return Graph(nodes, tuple(edges))


@given(graphs(), st.integers(1, 6))
def test_boxes_never_overlap_and_arrows_go_on(graph: Graph, most: int) -> None:
    layout = lay_out([node.id for node in graph.nodes], graph.edges, most)
    assert set(layout.spots) == {node.id for node in graph.nodes}
    for start, end in graph.edges:
        assert layout.spots[start].layer < layout.spots[end].layer
        way = [layout.spots[start], *layout.ways.get((start, end), ()), layout.spots[end]]
        assert [spot.layer for spot in way] == list(range(way[0].layer, way[-1].layer + 1))
    for one, other in itertools.combinations(layout.spots.values(), 2):
        assert one.layer != other.layer or abs(one.place - other.place) >= 1 - 1e-6
    for spot in layout.spots.values():
        assert 0.5 - 1e-6 <= spot.place <= layout.breadth - 0.5 + 1e-6
    assert (
        max((sum(s.layer == n for s in layout.spots.values()) for n in range(layout.layers)), default=0)
        <= most
    )


@given(graphs())
def test_a_picture_is_whole_whatever_it_shows(graph: Graph) -> None:
    for text in (picture.wide(graph, "t"), picture.narrow(graph, "t")):
        tags = read(text)
        assert sum(name == "rect" for name, _ in tags.found) == len(graph.nodes)
        assert sum(a.get("class") == "edge" for _, a in tags.found) == len(graph.edges)
        assert "nan" not in text


def test_statements_are_told_in_words(plan_of: Planner) -> None:
    rows = {(row.role, row.sid): row for row in plan_of("llama-3.1-8b").statements}
    read_token = rows["BuildRole", "ReadToken"]
    assert read_token.does == "read the secret"
    assert read_token.on == ("arn:aws:secretsmanager:us-east-1:{account}:secret:huggingface-token-??????",)
    login = rows["ExecutionRole", "RegistryLogin"]
    assert (login.on, login.wide, login.why) == (("anything",), True, "the action knows no resources")
    assert rows["ExecutionRole", "Metrics"].when == "cloudwatch:namespace is like /aws/sagemaker/*"
    deny = rows["ModelBucketPolicy", "TlsOnly"]
    assert (deny.effect, deny.who, deny.when) == ("Deny", "anyone", "aws:SecureTransport is false")
    assert rows["ExecutionRole", ""].who == "sagemaker.amazonaws.com"


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_every_statement_that_names_no_resource_says_why(spec: object, plan_of: Planner) -> None:
    for row in plan_of(getattr(spec, "stem", "")).statements:
        assert row.does
        assert "⟦" not in " ".join((*row.on, row.when, row.who))
        if row.wide and row.effect == "Allow":
            assert row.why, (row.role, row.sid)


READY = {"ServerlessProvisionedConcurrency": "5"}


@pytest.mark.parametrize(
    ("spec", "values"),
    [*((path.stem, {}) for path in SPECS), ("serverless-classifier", READY)],
    ids=[*(path.stem for path in SPECS), "kept ready"],
)
def test_the_text_fits_a_terminal(spec: str, values: dict[str, str], plan_of: Planner) -> None:
    for line in lines(plan_of(spec, "us-east-1", values=values)):
        command = re.match(r"\s*(aws |https://|--|arn:)", line)  # to be copied whole
        assert len(line) <= 100 or command, line
        assert line == line.rstrip()
