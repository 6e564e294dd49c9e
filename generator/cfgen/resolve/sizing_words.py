"""A sizing in words: the decision with its arithmetic, and why nothing fits."""

from __future__ import annotations

from cfgen.resolve.sizing import GIB, GPU_SHARE, HOST_SERVER, HOST_SHARE
from cfgen.resolve.sizing_options import Option, Sizing

# what reasons are about, as a sentence's beginning
_ABOUT = {
    "processor": "have no suitable processor",
    "image": "have no image of the container",
    "gpu": "have an unsuitable GPU",
    "region": "are not hosted where asked",
    "gpu memory": "have too little GPU memory",
    "tokens": "hold too few tokens",
    "host memory": "have too little host memory",
    "disk": "have too little disk",
    "asked": "are not allowed",
    "price": "cost too much, or an unknown price",
}


def hardware(option: Option) -> str:
    """``4 × L4, 192 GiB`` or ``8 vCPUs, 16 GiB``."""
    instance = option.instance
    chips = (
        f"{instance.accelerators} × {instance.accelerator}"
        if instance.accelerators
        else f"{instance.vcpus} vCPUs"
    )
    return f"{chips}, {instance.memory_gib:g} GiB"


def headline(option: Option) -> str:
    """The type, its hardware and about what it costs."""
    price = option.price
    cost = f"about {price.hourly:.2f} USD an hour in {price.region}" if price else "price not known"
    return f"{option.instance.name} ({hardware(option)}), {cost}"


def decision(sizing: Sizing | None) -> tuple[str, ...]:
    """The choice and its arithmetic, in sentences. Empty when there is no choice."""
    option = sizing.choice if sizing else None
    if sizing is None or option is None:
        return ()
    instance, fit, load = option.instance, option.fit, sizing.wanted.load
    count = len(sizing.options)
    lines = [
        f"{headline(option)}: "
        + (f"the cheapest of {count} types that fit" if count > 1 else "the only type that fits")
    ]
    weights = sizing.facts.served_bytes or 0
    if fit.split:
        room = GPU_SHARE * instance.accelerator_memory_gib
        split = f" on each of {fit.split} GPUs" if fit.split > 1 else ""
        left = room - (fit.share + fit.server + fit.work) / GIB
        lines.append(
            f"GPU memory{split}: {GPU_SHARE:g} × {instance.accelerator_memory_gib:g} = {room:.2f} GiB, "
            f"less weights {fit.share / GIB:.2f}, server {fit.server / GIB:.2f} and a step's results "
            f"{fit.work / GIB:.2f}, leaves {left:.2f} GiB"
        )
    if fit.capacity is not None and fit.kv:
        lines.append(
            f"KV cache: {fit.kv / 1024:g} KiB a token{' and GPU' if fit.split > 1 else ''}, so {fit.capacity:,} tokens "
            f"fit; {load.concurrency} requests of {load.context:,} are {load.tokens:,}"
        )
    lines.append(
        f"host memory: {HOST_SHARE:g} × {weights / GIB:.2f} GiB of weights + {HOST_SERVER / GIB:g} = "
        f"{HOST_SHARE * weights / GIB + HOST_SERVER / GIB:.1f} of {instance.memory_gib:g} GiB"
    )
    if fit.dtype:
        lines.append(f"served in {fit.dtype}: the {instance.accelerator} has no bfloat16")
    return tuple(lines)


def summary(sizing: Sizing) -> str:
    """One line: the choice and what it holds; for a template's description."""
    option = sizing.choice
    assert option is not None
    load, fit = sizing.wanted.load, option.fit
    if fit.capacity is None or not fit.kv:
        return f"{option.instance.name} was chosen by size and price for {sizing.facts.id}."
    return (
        f"{option.instance.name} was chosen by size and price: beside the weights of {sizing.facts.id} it holds "
        f"{fit.capacity:,} tokens, and {load.concurrency} × {load.context:,} are wanted."
    )


def why_none(sizing: Sizing) -> tuple[str, str]:
    """Why nothing is chosen, and what may help."""
    if sizing.options:
        names = ", ".join(one.instance.name for one in sizing.options[:4])
        return (
            f"no instance type with a known price fits {sizing.facts.id}; of unknown price: {names}",
            "name one of them",
        )
    counts: dict[str, int] = {}
    for one in sizing.rejected:
        counts[one.what] = counts.get(one.what, 0) + 1
    told = ", ".join(
        f"{count} {_ABOUT[what]}" for what, count in sorted(counts.items(), key=lambda row: -row[1])
    )
    load = sizing.wanted.load
    what = f"{load.concurrency:,} × {load.context:,} tokens of " if sizing.facts.kind == "decoder" else ""
    help_with = [
        word
        for word, key in (
            ("a smaller context or concurrency, or a quantised model", "tokens"),
            ("a higher maxPrice", "price"),
            ("fewer regions", "region"),
        )
        if counts.get(key)
    ] or ["another container, or a quantised model"]
    return f"no instance type fits {what}{sizing.facts.id}: {told}", f"try {'; '.join(help_with)}"
