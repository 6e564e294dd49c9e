"""What the catalogue answers with: regions, instance types and images. Plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# NVIDIA, "CUDA GPU Compute Capability"; bf16 needs 8.0, fp8 8.9
COMPUTE_CAPABILITY: dict[str, float] = {
    "K80": 3.7,
    "V100": 7.0,
    "T4": 7.5,
    "A100": 8.0,
    "A10G": 8.6,
    "L4": 8.9,
    "L40S": 8.9,
    "H100": 9.0,
    "H200": 9.0,
    "B200": 10.0,
    "GB200": 10.0,
    "B300": 10.3,
    "RTX PRO 4500": 12.0,
    "RTX PRO Server 6000": 12.0,
}


@dataclass(frozen=True, slots=True)
class Region:
    """A region and what CloudFormation can create there.

    ``sagemaker``, ``inference_components``, ``codebuild`` and ``service_catalog`` say whether the resource
    types have a schema in the region. ``unsure``: there is no schema for hosting, although instance types
    are priced for it (me-central-1, us-gov-east-1; me-south-1 has no schemas at all): warn, don't refuse.
    For the isolated partitions the published schemas are a copy of us-east-1's, so the flags say nothing
    there; no instance type is priced in them.
    """

    name: str
    partition: str
    url_suffix: str
    description: str
    sagemaker: bool = False
    inference_components: bool = False
    codebuild: bool = False
    service_catalog: bool = False
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance type that SageMaker hosts. Memory in GiB; ``accelerator_memory_gib`` is of each accelerator
    and at most what its driver reports; ``nvme_gb`` is the total of the local disks, in GB (10^9 bytes)."""

    name: str
    vcpus: int
    memory_gib: float
    network: str
    accelerator: str | None = None
    accelerators: int = 0
    accelerator_memory_gib: float = 0.0
    neuron_cores: int = 0
    nvme_gb: int = 0
    regions: frozenset[str] = frozenset()
    architecture: str = "x86_64"
    burstable: bool = False

    @property
    def family(self) -> str:
        """``g5`` of ``ml.g5.2xlarge``."""
        return self.name.split(".")[1]

    @property
    def processor(self) -> str:
        """What an image must be built for: ``gpu``, ``neuron`` or ``cpu``."""
        if self.neuron_cores:
            return "neuron"
        return "gpu" if self.accelerators else "cpu"

    @property
    def has_local_nvme(self) -> bool:
        """Local disks hold the model: EndpointConfig takes no volume size then, and its KMS key does not
        reach them.
        """
        return self.nvme_gb > 0

    @property
    def compute_capability(self) -> float | None:
        """NVIDIA's compute capability; None for anything that is not a known NVIDIA GPU."""
        return COMPUTE_CAPABILITY.get(self.accelerator or "")

    @property
    def neuron_sdk(self) -> str | None:
        """``neuron`` for Inferentia 1, ``neuronx`` for everything after it, None without Neuron cores."""
        if not self.neuron_cores:
            return None
        return "neuron" if self.accelerator == "Inferentia" else "neuronx"


@dataclass(frozen=True, slots=True)
class Image:
    """One container image of one version, for one processor and architecture.

    ``accounts`` has the registry account of each region where this version exists, and only of those.
    ``base`` is the framework underneath where the family has several (``pytorch2.6.0``), else empty.
    ``cuda`` is the toolkit's version (``13.0``), None for images without one or not saying.
    """

    family: str
    version: str
    processor: str
    repository: str
    tag: str
    accounts: Mapping[str, str]
    base: str = ""
    cuda: str | None = None
    architecture: str = "x86_64"

    @property
    def regions(self) -> frozenset[str]:
        """Where this version can be pulled."""
        return frozenset(self.accounts)

    @property
    def name(self) -> str:
        """``repository:tag``."""
        return f"{self.repository}:{self.tag}"

    @property
    def neuron_sdk(self) -> str | None:
        """``neuron`` (Inferentia 1) or ``neuronx``; None when the image is not for Neuron."""
        if self.processor != "neuron":
            return None
        return "neuronx" if "neuronx" in self.name else "neuron"

    def uri(self, region: str, url_suffix: str) -> str:
        """The full URI in one region. Raises ImageNotInRegion."""
        account = self.accounts.get(region)
        if account is None:
            from cfgen.catalogue.errors import ImageNotInRegion

            raise ImageNotInRegion(self.name, region, self.accounts)
        return f"{account}.dkr.ecr.{region}.{url_suffix}/{self.name}"
