"""What resolve decides and render prints: a Stack, frozen, with nothing left to guess.

Plain data: text, numbers, tuples. Region tuples are sorted. Times are seconds, sizes GiB. Its plans stand in
``resolve/plans``, one module a subject.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cfgen.resolve.plans.alarms import AlarmsPlan
from cfgen.resolve.plans.api import ApiPlan
from cfgen.resolve.plans.asynchronous import AsyncPlan
from cfgen.resolve.plans.budget import BudgetPlan
from cfgen.resolve.plans.common import Pairs
from cfgen.resolve.plans.components import ComponentsPlan
from cfgen.resolve.plans.dashboard import DashboardPlan
from cfgen.resolve.plans.data_capture import DataCapturePlan
from cfgen.resolve.plans.deployment import DeploymentPlan
from cfgen.resolve.plans.endpoint import (
    EndpointPlan,
    InstanceChoice,
    InstancesPlan,
    RegionGroup,
    VariantPlan,
)
from cfgen.resolve.plans.jumpstart import JumpStartPlan
from cfgen.resolve.plans.model import Asset, BuildPlan, ImagePlan, ModelPlan, S3Data, TokenPlan
from cfgen.resolve.plans.scaling import ScalingPlan
from cfgen.resolve.plans.schedule import SchedulePlan
from cfgen.resolve.plans.security import SecurityPlan

__all__ = [
    "Asset",
    "BuildPlan",
    "EndpointPlan",
    "ImagePlan",
    "InstanceChoice",
    "InstancesPlan",
    "Invocation",
    "JumpStartPlan",
    "ModelPlan",
    "Pairs",
    "RegionGroup",
    "RolePlan",
    "S3Data",
    "SmokePlan",
    "Stack",
    "TokenPlan",
    "VariantPlan",
    "VpcPlan",
]


@dataclass(frozen=True, slots=True)
class RolePlan:
    """The execution role. ``given`` is the default of the launcher's parameter; empty means the template makes one."""

    given: str
    boundary: str
    path: str


@dataclass(frozen=True, slots=True)
class VpcPlan:
    """The network. ``nat``: private subnets reach the internet; ``own_group``: the template makes the security group.

    ``subnet_bits``: host bits of a subnet, a quarter of the network. ``interface_endpoints``: service → logical id.
    """

    mode: str
    vpc_id: str
    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    own_group: bool
    cidr: str
    prefix: int
    subnet_bits: int
    zones: int
    nat: bool
    interface_endpoints: Pairs

    @property
    def routes(self) -> tuple[str, ...]:
        """What makes a way out of the subnets that are made, by logical id: no subnet names it."""
        if self.mode != "create":
            return ()
        way_out = ("PrivateDefaultRoute",) if self.nat else ()
        return (*(f"PrivateSubnetRoutes{zone}" for zone in range(1, self.zones + 1)), "S3Endpoint", *way_out)


@dataclass(frozen=True, slots=True)
class SmokePlan:
    """The request that must be answered before the stack succeeds; ``timeout`` in seconds.

    ``id``: logical id. ``variant`` and ``target_model``: which is asked; empty for the only one. ``component``: the
    logical id of the inference component that is asked.
    """

    body: str
    content_type: str
    timeout: int
    id: str = "SmokeTest"
    variant: str = ""
    target_model: str = ""
    component: str = ""


@dataclass(frozen=True, slots=True)
class Invocation:
    """An example request: its body as text, content type, and the AWS CLI's options for them in a POSIX shell.

    For asynchronous endpoints: ``upload``, a command up to the place to put the body, and ``reference``, the options of
    the call up to that place.
    """

    body: str
    content_type: str
    options: str
    upload: str
    reference: str


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything a template says. ``parts`` names the part files in order.

    ``regions`` is where it may launch, ``elsewhere`` every other region with what it lacks.

    ``decisions``: what was chosen by cfgen that costs money, and the arithmetic, in sentences.
    Features have a field each, None where the spec does not ask for one; its name is that of the part.
    """

    name: str
    description: str
    parts: tuple[str, ...]
    regions: tuple[str, ...]
    home_regions: tuple[str, ...]
    elsewhere: Pairs
    consoles: Pairs
    models: tuple[ModelPlan, ...]
    endpoint: EndpointPlan
    smokes: tuple[SmokePlan, ...]
    role: RolePlan
    vpc: VpcPlan
    retention_days: int
    python_runtime: str
    tags: Pairs
    invocation: Invocation
    version: str
    warnings: tuple[str, ...] = field(default=())
    decisions: tuple[str, ...] = ()
    asynchronous: AsyncPlan | None = None
    components: ComponentsPlan | None = None
    scaling: ScalingPlan | None = None
    schedule: SchedulePlan | None = None
    deployment: DeploymentPlan | None = None
    data_capture: DataCapturePlan | None = None
    alarms: AlarmsPlan | None = None
    dashboard: DashboardPlan | None = None
    budget: BudgetPlan | None = None
    api: ApiPlan | None = None
    security: SecurityPlan | None = None

    @property
    def switched(self) -> bool:
        """Whether the endpoint may be away while the stack stands: what refers to it must do without."""
        return self.schedule is not None and self.schedule.switch

    @property
    def model(self) -> ModelPlan:
        """The first model: what a stack without several serves."""
        return self.models[0]

    @property
    def smoke(self) -> SmokePlan | None:
        """The first variant's; None when nothing is asked of it."""
        return self.smokes[0] if self.smokes else None

    @property
    def builds(self) -> tuple[BuildPlan, ...]:
        """What is copied to S3; models that serve the same files share a build."""
        return tuple(dict.fromkeys(model.build for model in self.models if model.build))

    @property
    def build(self) -> BuildPlan | None:
        """The first build, which tells what all have in common; None when nothing is copied."""
        return self.builds[0] if self.builds else None

    @property
    def images(self) -> tuple[ImagePlan, ...]:
        """The images to pull, once a repository of a registry."""
        found = {(m.image.mapping, m.image.repository): m.image for m in self.models if m.image}
        return tuple(found.values())

    @property
    def jumpstarts(self) -> tuple[JumpStartPlan, ...]:
        """What is served from JumpStart's buckets."""
        return tuple(dict.fromkeys(model.jumpstart for model in self.models if model.jumpstart))

    @property
    def jumpstart_files(self) -> tuple[JumpStartPlan, ...]:
        """Those of ``jumpstarts`` with files of their own."""
        return tuple({(one.bucket, one.key): one for one in reversed(self.jumpstarts)}.values())

    @property
    def licences(self) -> tuple[JumpStartPlan, ...]:
        """Those of ``jumpstarts`` with a licence to accept, each licence once."""
        return tuple({one.eula_url: one for one in reversed(self.jumpstarts) if one.eula_url}.values())

    def licence_of(self, plan: JumpStartPlan) -> str:
        """The parameter by which the licence of ``plan`` is accepted."""
        first = next(one for one in self.licences if one.eula_url == plan.eula_url)
        return f"{first.prefix}AcceptEula"

    @property
    def registries(self) -> tuple[ImagePlan, ...]:
        """One image for each mapping of registry accounts."""
        return tuple({model.image.mapping: model.image for model in self.models if model.image}.values())

    @property
    def emptied(self) -> tuple[str, ...]:
        """Buckets that are emptied before they go, by logical id."""
        plans = (self.asynchronous, self.data_capture)
        return tuple(bucket for plan in plans if plan for bucket in plan.emptied)

    @property
    def keeps_buckets(self) -> bool:
        """Whether one of them is emptied only when a rollback takes it back."""
        plans = (self.asynchronous, self.data_capture)
        return any(plan.emptied and plan.retain for plan in plans if plan)

    @property
    def before_endpoint(self) -> tuple[str, ...]:
        """What must be there before the endpoint, and go after it, and is named by no property of it."""
        guards = ("NetworkInterfaces",) if self.vpc.own_group else ()
        emptying = (f"{bucket.removesuffix('Bucket')}Emptying" for bucket in self.emptied)
        return ("LogGroup", *guards, *self.vpc.routes, *emptying)

    @property
    def token(self) -> TokenPlan | None:
        """The hub token of the stack's models, which are not given different ones."""
        return next((model.token for model in self.models if model.token), None)

    @property
    def data(self) -> tuple[S3Data, ...]:
        """Where models' files lie in S3 already."""
        return tuple(dict.fromkeys(model.data for model in self.models if model.data))
