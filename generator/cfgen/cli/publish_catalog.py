"""``cfgen publish service-catalog``: specs → products of a portfolio that others launch from."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cfgen.cli.options import catalog_option, format_option, plural, specs_argument, warn
from cfgen.cli.publish_options import bucket_options, buckets_of
from cfgen.deploy import console

if TYPE_CHECKING:
    from cfgen.deploy.launch import Prepared, Result
    from cfgen.publish.service_catalog import Change, Ready, Request


@click.command("service-catalog")
@specs_argument
@click.option("--portfolio", required=True, metavar="NAME", help="Name of the portfolio.")
@bucket_options
@click.option("--owner", metavar="NAME", help="Who provides it (default: as before, else cfgen).")
@click.option("--principal", "principals", multiple=True, metavar="ARN", help="Who may launch; repeatable.")
@click.option(
    "--share-with-account", "accounts", multiple=True, metavar="ID", help="Another account; repeatable."
)
@click.option(
    "--share-with-ou",
    "units",
    multiple=True,
    metavar="ID",
    help="An organisation (o-…) or unit (ou-…); repeatable.",
)
@click.option(
    "--tag-option", "options", multiple=True, metavar="K=V", help="A tag to choose at launch; repeatable."
)
@click.option(
    "--allow",
    multiple=True,
    metavar="[PRODUCT:]PARAMETER=V,…",
    help="The values a launcher may choose; repeatable.",
)
@click.option(
    "--version", "label", metavar="LABEL", help="What a new version's name begins with (default: v1, v2, …)."
)
@click.option("--retire", multiple=True, metavar="[PRODUCT:]VERSION", help="Deprecate a version; repeatable.")
@click.option("--hide", multiple=True, metavar="[PRODUCT:]VERSION", help="Deactivate a version; repeatable.")
@click.option(
    "--launch-role-arn", "role_arn", metavar="ARN", help="A launch role of yours, instead of made ones."
)
@click.option(
    "--permissions-boundary", "boundary", metavar="ARN", help="Policy that bounds every role a product makes."
)
@click.option("--prune", is_flag=True, help="Drop what is not given: products, principals, shares, options.")
@click.option("--stack-name", metavar="NAME", help="Name of the stack (default: the portfolio's).")
@click.option(
    "--render-only/--deploy",
    "render_only",
    help="Write the template, ask nothing of AWS; or deploy (the default).",
)
@click.option(
    "-o",
    "--output",
    default="build",
    show_default=True,
    metavar="FOLDER",
    help="Where templates are written.",
)
@console.regions_option
@console.profile_option
@click.option("--no-confirm", is_flag=True, help="Do not ask before executing.")
@console.timeout_option(3600, "How long to follow; what runs in AWS goes on")
@catalog_option
@console.color_option
@format_option
def command(specs: tuple[str, ...], overlay: Path | None, **options: Any) -> int:
    """Publish specs as products of a Service Catalog portfolio.

    Each product has a version for each content it ever had: publishing the same content changes nothing, and a new
    version leaves the earlier ones usable until they are retired. Launch roles have exactly the permissions that the
    products' resource types need.
    """
    from cfgen.deploy.session import regions_of
    from cfgen.publish import portfolio, publishing, s3, service_catalog

    request = service_catalog.Request(
        options["portfolio"],
        portfolio.check_stack_name(options["stack_name"])
        if options["stack_name"]
        else portfolio.stack_name(options["portfolio"]),
        options["owner"] or "",
        buckets_of(options["bucket"], options["pattern"]),
        s3.check_prefix(options["prefix"]),
        options["public"],
        options["principals"],
        options["accounts"],
        options["units"],
        options["options"],
        service_catalog.allowed_of(options["allow"]),
        options["label"] or "",
        options["role_arn"] or "",
        options["boundary"] or "",
        options["prune"],
    )
    if not options["render_only"] and not options["no_confirm"] and not console.interactive():
        raise click.UsageError("nobody to ask: the input is no terminal. Add --no-confirm, or --render-only.")
    regions = regions_of(options["regions"], options["profile"])
    service_catalog.check_regions(regions)
    templates = publishing.templates_of(specs, overlay, warn)
    folder = Path(options["output"]) / request.stack
    if options["render_only"]:
        return _render(request, templates, regions, folder, options)
    return _deploy(request, templates, regions, folder, options)


def _render(
    request: Request, templates: Any, regions: list[str], folder: Path, options: dict[str, Any]
) -> int:
    """Without AWS: the bucket is taken as named, earlier versions from the file that is there."""
    from cfgen.catalogue import load
    from cfgen.publish import portfolio, s3, service_catalog

    if len(regions) != 1:
        raise click.UsageError("--render-only takes one region.")
    if options["retire"] or options["hide"]:
        raise click.UsageError("--retire and --hide ask AWS; they do not go with --render-only.")
    if "{account}" in request.pattern:
        raise click.UsageError("--render-only knows no account: write it out, or name another bucket.")
    (region,) = regions
    suffix = load().region(region).url_suffix
    bucket = s3.Bucket(s3.bucket_name(request.pattern, region), region, suffix, None)
    before = service_catalog.read(folder / "portfolio.yaml")
    request = request.over(portfolio.settings(before) if before else {})
    ready = service_catalog.plan(
        request, templates, region, portfolio.known(before) if before else {}, bucket
    )
    warn(ready.notes)
    _write(ready, folder)
    if options["style"] == "json":
        console.show_json([ready.data()])
        return 0
    _tell(ready)
    click.echo(f"{folder / 'portfolio.yaml'}: {ready.template.size:,} bytes")
    places = sorted(s3.key_of(one, request.prefix) for one in templates if one.name in ready.new)
    for key in places:
        click.echo(f"  to upload before it is deployed: s3://{bucket.name}/{key}")
    return 0


def _write(ready: Ready, folder: Path) -> None:
    from cfgen.files import write_atomically
    from cfgen.publish import rendering

    write_atomically(folder / "portfolio.yaml", ready.template.text)
    if ready.portfolio.local:
        write_atomically(folder / "launch-roles.yaml", rendering.render_roles(ready.portfolio))


def _deploy(
    request: Request, templates: Any, regions: list[str], folder: Path, options: dict[str, Any]
) -> int:
    from cfgen.deploy import awscli, linting, parallel
    from cfgen.deploy.launch import Launch
    from cfgen.deploy.session import Aws
    from cfgen.publish import service_catalog

    awscli.find()
    launches, ready = [], {}
    for region in regions:
        with Aws(region, options["profile"]) as aws:
            one = service_catalog.prepare(request, templates, aws)
        linting.lint(one.template, [region])
        ready[region] = one
        place = folder if len(regions) == 1 else folder / region
        warn(one.notes)
        _write(one, place)
        if one.portfolio.local:
            warn([f"{place / 'launch-roles.yaml'}: to deploy in every account the portfolio is shared with"])
        launches.append(
            Launch(
                one.template, request.stack, region, options["profile"],
                s3_bucket=one.bucket, timeout=options["timeout"], request=False,
            )
        )  # fmt: skip
    stop = threading.Event()
    results = parallel.deploy_all(
        launches,
        reporter=lambda launch: console.reporter(
            launch.label, several=len(launches) > 1, color=not options["no_color"]
        ),
        confirm=lambda found, _: _confirmed(found, ask=not options["no_confirm"]),
        stop=stop,
    )
    shown = []
    for result in results:
        one = ready[result.launch.region]
        row = {**one.data(), "outcome": result.outcome, "outputs": dict(result.outputs)}
        if result.error is not None:
            console.tell(result.error, result.launch.label if len(results) > 1 else "")
        else:
            row |= _afterwards(one, result, options)
        shown.append(row)
        if options["style"] == "text" and result.error is None:
            click.echo(f"{request.portfolio} in {one.region}: {result.outcome}")
            _tell(one)
            _tell_after(row)
    if options["style"] == "json":
        console.show_json(shown)
    return 130 if stop.is_set() else int(any(result.error is not None for result in results))


def _afterwards(ready: Ready, result: Result, options: dict[str, Any]) -> dict[str, Any]:
    """Shares with organisations, retired versions."""
    from dataclasses import asdict

    from cfgen.deploy.session import Aws
    from cfgen.publish import service_catalog

    with Aws(ready.region, options["profile"]) as aws:
        made = result.outputs["PortfolioId"]
        shared, altered = service_catalog.share(
            aws, made, ready.units, options=bool(ready.portfolio.options),
            principals=any(one.type == "IAM_PATTERN" for one in ready.portfolio.principals),
        )  # fmt: skip
        ids = service_catalog.product_ids(result.outputs, ready.portfolio)
        changes: list[Change] = service_catalog.retire(aws, ids, options["retire"], warn=warn)
        changes += service_catalog.retire(aws, ids, options["hide"], hide=True, warn=warn)
    return {
        "sharedWith": shared,
        "changedShares": altered,
        "changedVersions": [asdict(one) for one in changes],
    }


def _confirmed(found: list[Prepared], *, ask: bool) -> bool:
    from cfgen.deploy.changes import lines

    for one in found:
        if one.change_set is not None:
            click.echo(f"{one.launch.stack_name} in {one.launch.region}:", err=True)
            for line in lines(one.change_set):
                click.echo(f"  {line}", err=True)
    if not ask:
        return True
    with contextlib.suppress(click.Abort):
        count = sum(one.change_set is not None for one in found)
        return click.confirm(f"Execute {plural(count, 'change set')}?", err=True)
    return False


def _tell(ready: Ready) -> None:
    for one in ready.portfolio.products:
        new = ready.new.get(one.name)
        names = ", ".join(version.name for version in one.versions)
        click.echo(f"  {one.name}: {f'new version {new}' if new else 'nothing new'}; {names}")


def _tell_after(row: dict[str, Any]) -> None:
    for unit in row["sharedWith"]:
        click.echo(f"  shared with {unit}")
    for unit in row["changedShares"]:
        click.echo(
            f"  shared with {unit} already: tag options and patterns of principals go along as they do now"
        )
    for one in row["changedVersions"]:
        click.echo(f"  {one['product']} {one['version']}: {one['what']}{'' if one['done'] else ' already'}")
