"""The user's overlay: what it adds and overrides, and every fault with its place."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cfgen.catalogue.overlay
from cfgen.catalogue import Catalogue, CatalogueError, OverlayError, load
from cfgen.errors import Problem
from cfgen.pipeline import overlay_file

Write = Callable[[str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write an overlay file, and name it."""

    def write(content: str | bytes) -> Path:
        path = tmp_path / "cfgen.yaml"
        path.write_bytes(content if isinstance(content, bytes) else textwrap.dedent(content).encode())
        return path

    return write


def problems(path: Path) -> list[str]:
    """The problems of a faulty overlay, without the file's folder."""
    with pytest.raises(OverlayError) as caught:
        load(path)
    return [str(problem).removeprefix(str(path)) for problem in caught.value.problems]


# -- what it can do


def test_a_new_version_needs_only_its_tag(write: Write) -> None:
    catalogue = load(write("images: {vllm: {0.31.0: {like: 0.30.0, tags: {gpu: 0.31.0-gpu-cu140-x}}}}"))
    image = catalogue.image("vllm", None, "gpu")
    assert (image.version, image.name, image.cuda) == ("0.31.0", "vllm:0.31.0-gpu-cu140-x", "14.0")
    assert image.accounts == load().image("vllm", "0.30.0", "gpu").accounts
    assert catalogue.image("vllm", "0.30", "gpu") == load().image("vllm", "0.30", "gpu")


def test_the_bundled_catalogue_stays_as_it_is(write: Write) -> None:
    load(write("images: {vllm: {0.31.0: {like: 0.30.0, tags: {gpu: x}}}}"))
    assert load().image("vllm", None, "gpu").version == "0.30.0"


def test_regions_of_a_version(write: Write) -> None:
    catalogue = load(
        write("""\
            images:
              tei:
                1.9.0: {like: 1.8.2, tags: {gpu: "1.9.0"}, regions: [us-east-1, eu-west-1]}
                1.9.1:
                  {like: 1.9.0, tags: {gpu: "1.9.1"}, addRegions: [eu-west-2], accounts: {eu-west-2: "000000000001"}}
                1.9.2: {like: "vllm:0.30.0", repository: tei, tags: {gpu: "1.9.2"}}
        """)
    )
    first, second, third = (catalogue.image("tei", version, "gpu") for version in ("1.9.0", "1.9.1", "1.9.2"))
    assert first.accounts == {"us-east-1": "683313688378", "eu-west-1": "141502667606"}
    assert second.accounts == {**first.accounts, "eu-west-2": "000000000001"}
    assert third.accounts["us-east-1"] == "763104351884"


def test_an_existing_version_is_overridden_field_by_field(write: Write) -> None:
    catalogue = load(
        write("images: {vllm: {0.30.0: {addRegions: [mx-central-1], cuda: '13.1', aliases: [stable]}}}")
    )
    image, before = catalogue.image("vllm", "stable", "gpu"), load().image("vllm", "0.30.0", "gpu")
    assert (image.tag, image.cuda) == (before.tag, "13.1")
    assert image.regions == before.regions | {"mx-central-1"}
    assert len(catalogue.versions("vllm")) == len(load().versions("vllm"))


def test_a_family_of_ones_own(write: Write) -> None:
    catalogue = load(
        write("""\
            images:
              my-server:
                0.90:
                  repository: team/server
                  tags: {cpu: v0.90, gpu: v0.90-cu128}
                  accounts: {eu-west-1: "012345678901"}
        """)
    )
    image = catalogue.image("my-server", None, "gpu")
    assert (
        image.uri("eu-west-1", "amazonaws.com")
        == "012345678901.dkr.ecr.eu-west-1.amazonaws.com/team/server:v0.90-cu128"
    )
    assert (image.version, image.cuda) == ("0.90", "12.8")
    assert catalogue.image("my-server", None, "cpu").cuda is None


def test_instances(write: Write) -> None:
    catalogue = load(
        write("""\
            instances:
              ml.g9.2xlarge: {like: ml.g6.2xlarge, memoryGiB: 64.5, addRegions: [mx-central-1]}
              ml.g5.2xlarge: {regions: [us-east-1]}
              ml.p3.2xlarge:
                {vcpus: 8, memoryGiB: 61, network: Up to 10 Gigabit, accelerator: V100, accelerators: 1,
                 acceleratorMemoryGiB: 16, regions: [us-east-1], architecture: x86_64, burstable: false}
        """)
    )
    new, like = catalogue.instance("ml.g9.2xlarge"), load().instance("ml.g6.2xlarge")
    assert (new.memory_gib, new.accelerator, new.nvme_gb) == (64.5, like.accelerator, like.nvme_gb)
    assert new.regions == like.regions | {"mx-central-1"}
    assert catalogue.instance("ml.g5.2xlarge").regions == {"us-east-1"}
    assert catalogue.instance("ml.p3.2xlarge").compute_capability == 7.0


def test_regions(write: Write) -> None:
    catalogue = load(
        write("""\
            regions:
              eu-south-9: {partition: aws, urlSuffix: amazonaws.com, description: Somewhere, sagemaker: true}
              me-south-1: {sagemaker: true, unsure: false, codebuild: true}
            images: {vllm: {0.30.0: {accounts: {eu-south-9: "999999999999"}}}}
            instances: {ml.g5.2xlarge: {addRegions: [eu-south-9]}}
        """)
    )
    assert catalogue.region("eu-south-9").sagemaker
    assert not catalogue.region("eu-south-9").codebuild
    bahrain = catalogue.region("me-south-1")
    assert (bahrain.sagemaker, bahrain.unsure, bahrain.description) == (True, False, "Middle East (Bahrain)")
    assert "eu-south-9" in catalogue.instance("ml.g5.2xlarge").regions


def test_the_stamp_tells_overlays_apart(write: Write) -> None:
    one = load(write("regions: {me-south-1: {sagemaker: true}}")).version
    two = load(write("regions: {me-south-1: {sagemaker: false}}")).version
    assert one != two
    assert one.startswith(load().version + ", overlay ")


def test_the_documented_example_is_valid(write: Write) -> None:
    example = (cfgen.catalogue.overlay.__doc__ or "").split("::\n\n", 1)[1].split("\nA new image version")[0]
    catalogue = load(write(example))
    assert isinstance(catalogue, Catalogue)
    assert catalogue.image("vllm", "0.31", "gpu", "arm64").base == "pytorch2.6.0"


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "images: {}\n", "\ufeffimages: {}\n"])
def test_an_overlay_may_say_nothing(write: Write, text: str) -> None:
    assert load(write(text)).families() == load().families()


def test_the_working_folder_s_overlay_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert overlay_file(None) is None
    (tmp_path / "cfgen.yaml").touch()
    assert overlay_file(None) == Path("cfgen.yaml")
    assert overlay_file(Path("other.yaml")) == Path("other.yaml")


# -- what is wrong with it

FAULTS: dict[str, tuple[str, list[str]]] = {
    "unknown section": ("image: {}\n", [":1:1: image: is not a field here; did you mean 'images'?"]),
    "a list": ("- a\n", [":1:1: is a list; a mapping is needed here"]),
    "a word": ("hello\n", [":1:1: is 'hello'; a mapping is needed here"]),
    "empty section": ("images:\n", [":1:8: images: is empty; a mapping is needed here"]),
    "duplicate section": (
        "images: {}\nimages: {}\n",
        [":2:1: images: is given twice; the first is in line 1"],
    ),
    "key that is no text": ("? [a]\n: 1\n", [":1:3: a key is a list; keys are plain text"]),
    "bad YAML": ("images: {\n", [":2:1: is not YAML: expected the node content, but found '<stream end>'"]),
    "tab": (
        "images:\n\tvllm: {}\n",
        [":2:1: is not YAML: found character '\\t' that cannot start any token"],
    ),
    "two documents": ("images: {}\n---\nimages: {}\n", [":2:1: is not YAML: but found another document"]),
    "anchor": (
        "images: &a {vllm: *a}\n",
        [":1:9: anchors and aliases are not supported; write the value out"],
    ),
    "unknown field": (
        "images:\n  vllm:\n    0.31.0: {like: 0.30.0, tag: {gpu: x}, tags: {gpu: x}}\n",
        [":3:28: images.vllm.0.31.0.tag: is not a field here; did you mean 'tags'?"],
    ),
    "nothing given": (
        "images: {vllm: {0.31.0: {}}}\n",
        [
            ":1:17: images.vllm.0.31.0: a new version needs repository, tags, accounts; or like: a version it resembles"
        ],
    ),
    "like nothing": (
        "images: {vllm: {0.31.0: {like: 0.30.1, tags: {gpu: x}}}}\n",
        [":1:17: images.vllm.0.31.0: like: no version '0.30.1' of vllm; did you mean '0.30.0'?"],
    ),
    "latest": (
        "images: {vllm: {latest: {like: 0.30.0, tags: {gpu: x}}}}\n",
        [":1:17: images.vllm.latest: 'latest' is not valid; a version; 'latest' is always the newest"],
    ),
    "no tags": (
        "images: {vllm: {0.31.0: {like: 0.30.0, tags: {}}}}\n",
        [":1:46: images.vllm.0.31.0.tags: is empty; leave it out, or give an entry"],
    ),
    "processor": (
        "images: {vllm: {0.31.0: {like: 0.30.0, tags: {tpu: x}}}}\n",
        [":1:47: images.vllm.0.31.0.tags.tpu: 'tpu' is not valid; one of gpu, cpu, neuron"],
    ),
    "tag that would be two": (
        "images: {vllm: {0.30.0: {tags: {gpu: 'a\\nb', cpu: \"a\\nb\"}}}}\n",
        [
            ":1:38: images.vllm.0.30.0.tags.gpu: 'a\\nb' is not valid; an image tag",
            ":1:51: images.vllm.0.30.0.tags.cpu: 'a\\nb' is not valid; an image tag",
        ],
    ),
    "account": (
        "images: {vllm: {0.30.0: {accounts: {us-east-1: 12345}}}}\n",
        [
            ":1:48: images.vllm.0.30.0.accounts.us-east-1: '12345' is not valid; an account: 12 digits, in quotes"
        ],
    ),
    "no account known": (
        "images: {tei: {1.8.2: {addRegions: [ap-east-2]}}}\n",
        [":1:16: images.tei.1.8.2: no registry account is known for ap-east-2; give it under accounts"],
    ),
    "region that is none": (
        "images: {vllm: {0.30.0: {regions: [us-est-1, us-east-9]}}}\n",
        [
            ":1:36: images.vllm.0.30.0.regions[0]: no region 'us-est-1'; did you mean 'us-west-1'?",
            ":1:46: images.vllm.0.30.0.regions[1]: no region 'us-east-9'; did you mean 'us-east-2'?",
        ],
    ),
    "not a list": (
        "images: {vllm: {0.30.0: {regions: us-east-1}}}\n",
        [":1:35: images.vllm.0.30.0.regions: is 'us-east-1'; a list is needed here"],
    ),
    "not a mapping": (
        "images: {vllm: {0.30.0: x}}\ninstances: {ml.g5.2xlarge: [1]}\nregions: {us-east-1: 5}\n",
        [
            ":1:25: images.vllm.0.30.0: is 'x'; a mapping is needed here",
            ":2:28: instances.ml.g5.2xlarge: is a list; a mapping is needed here",
            ":3:22: regions.us-east-1: is '5'; a mapping is needed here",
        ],
    ),
    "instance type's name": (
        "instances: {g5.2xlarge: {like: ml.g5.2xlarge}}\n",
        [":1:13: instances.g5.2xlarge: 'g5.2xlarge' is not valid; an instance type like ml.g5.2xlarge"],
    ),
    "instance type like none": (
        "instances: {ml.g9.xlarge: {like: ml.g8.xlarge}}\n",
        [
            ":1:34: instances.ml.g9.xlarge.like: no instance type 'ml.g8.xlarge'; did you mean 'ml.g6.xlarge'?",
        ],
    ),
    "numbers": (
        "instances: {ml.g5.xlarge: {vcpus: 1.5, memoryGiB: 0, burstable: yes, nvmeGB: -1}}\n",
        [
            ":1:35: instances.ml.g5.xlarge.vcpus: '1.5' is not valid; a whole number from 1 to 10000",
            ":1:51: instances.ml.g5.xlarge.memoryGiB: 0 is out of range; a number from 0.5 to 100000",
            ":1:65: instances.ml.g5.xlarge.burstable: 'yes' is not valid; one of true, false",
            ":1:78: instances.ml.g5.xlarge.nvmeGB: '-1' is not valid; a whole number from 0 to 1000000",
        ],
    ),
    "new region": (
        "regions: {eu-north-9: {sagemaker: true}}\n",
        [":1:11: regions.eu-north-9: a new region needs partition and urlSuffix"],
    ),
    "region's name": (
        "regions: {mars: {partition: aws, urlSuffix: amazonaws.com}}\n",
        [":1:11: regions.mars: 'mars' is not valid; a region like eu-west-1"],
    ),
    "partition and suffix": (
        "regions: {us-east-1: {partition: azure, urlSuffix: 'a b', description: \"a\\0b\"}}\n",
        [
            ":1:34: regions.us-east-1.partition: 'azure' is not valid; a partition like aws or aws-cn",
            ":1:52: regions.us-east-1.urlSuffix: 'a b' is not valid; a domain like amazonaws.com",
            ":1:72: regions.us-east-1.description: 'a\\x00b' is not valid; one line of text",
        ],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_reported_with_its_place(write: Write, fault: str) -> None:
    text, expected = FAULTS[fault]
    assert sorted(problems(write(text))) == sorted(expected)


def test_all_faults_of_a_file_are_reported_at_once_and_in_order(write: Write) -> None:
    found = problems(
        write("""\
            colour: red
            regions:
              mars: {partition: aws, urlSuffix: amazonaws.com}
            images:
              vllm:
                0.31.0: {tags: 5}
                0.31.0: {}
            instances:
              ml.g5.2xlarge: {vcpu: 8}
        """)
    )
    assert [int(line.split(":")[1]) for line in found] == [1, 3, 6, 6, 7, 9]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"images:\0", ": is a binary file; an overlay is YAML text in UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", ": is a binary file; an overlay is YAML text in UTF-8"),
        (b"a\nb: \xff", ": is not UTF-8 text (line 2); an overlay is YAML text in UTF-8"),
        (b"#" * 300_000, ": is too large; an overlay has at most 256 KiB"),
        (b"[" * 50_000, ":1:11: is nested too deeply; an overlay has at most 10 levels"),
        (b"{a: " * 50_000, ":1:41: is nested too deeply; an overlay has at most 10 levels"),
    ],
    ids=["NUL", "image", "latin", "large", "deep list", "deep mapping"],
)
def test_files_that_are_no_overlay(write: Write, content: bytes, expected: str) -> None:
    assert problems(write(content)) == [expected]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert problems(tmp_path / "none.yaml") == [": cannot be read (No such file or directory)"]
    assert problems(tmp_path) == [": cannot be read (Is a directory)"]


def test_an_overlays_problems_are_a_failure_of_the_catalogue(write: Write) -> None:
    with pytest.raises(CatalogueError, match="image: is not a field here"):
        load(write("image: {}\n"))


def test_an_alias_bomb_does_not_unfold(write: Write) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]" for n in range(20)]
    assert problems(write("\n".join(lines))) == [
        ":1:4: anchors and aliases are not supported; write the value out"
    ]


SCALARS = st.one_of(st.text(max_size=12), st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False))
SECTIONS = ["images", "instances", "regions"]
FIELDS = ["like", "tags", "gpu", "accounts", "addRegions", "vcpus"]
KEYS = st.sampled_from([*SECTIONS, *FIELDS, "vllm", "0.30.0", "0.31.0", "us-east-1", "ml.g5.2xlarge"])
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(max_size=200), st.dictionaries(KEYS, TREES, max_size=3)))
def test_any_overlay_at_all_gives_a_catalogue_or_problems(tmp_path: Path, content: object) -> None:
    import yaml

    path = tmp_path / "any.yaml"
    text = content if isinstance(content, str) else yaml.safe_dump(content)
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    faults: tuple[Problem, ...] = ()
    catalogue = load()
    try:
        catalogue = load(path)
    except OverlayError as error:
        faults = error.problems
    assert all("\n" not in str(fault) and fault.message for fault in faults)
    assert [catalogue.instance(name) for name in catalogue.instances]
    assert [row.regions for family in catalogue.families() for row in catalogue.versions(family)]
    assert [catalogue.region(name) for name in catalogue.regions]
