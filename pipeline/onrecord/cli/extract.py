"""`onrecord extract`: the main job."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from onrecord.batch.folder import Mode
    from onrecord.batch.run import Crew, Options, Progress
    from onrecord.readers import Article, Reject


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("-o", "--output", required=True, metavar="DIR", help="Folder for the results, or - for claims on stdout.")
@click.option("--resume", is_flag=True, help="Go on with an unfinished run; what is done is skipped.")
@click.option("--overwrite", is_flag=True, help="Replace the results in the folder, once the new ones are done.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes.  [default: the cores available]")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Reject an article that computes longer; those of over 100,000 characters get more, in proportion.",
)
@click.option("--base", metavar="NAME", help="Installed English spaCy model to build on.  [default: en_core_web_sm]")
@click.option(
    "--model",
    metavar="PATH",
    help="Folder of trained components, or `accurate`.  [default: those that come with onrecord]",
)
@click.option("--aliases", metavar="FILE", help="Names of your own, with ids: JSONL with label, pattern, id.")
@click.option(
    "--field", "fields", multiple=True, metavar="OURS=THEIRS", help="Read one of our keys from another: text=body."
)
@click.option("--max-chars", default=1_000_000, show_default=True, help="Reject longer articles (characters).")
@click.option("--limit", type=click.IntRange(min=0), help="Stop after this many articles.")
@click.option(
    "--min-confidence", type=click.FloatRange(0, 1), default=0.0, help="Leave out attributions less sure than this."
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Where to run: on this machine, or with Ray, on one or many.",
)
@click.option("--ray-address", metavar="ADDRESS", help="The cluster, as ray.init takes it: auto, ray://head:10001.")
@click.option(
    "--shard-size",
    type=click.IntRange(min=1),
    metavar="N",
    help="With Ray: articles that a worker gets at once, and that are skipped as a whole by --resume.  [default: 200]",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress, no summary.")
@click.option("--factory", hidden=True, help="module:function that makes what workers run; tests put a quick one here.")
def extract(sources: tuple[str, ...], output: str, limit: int | None, quiet: bool, engine: str, **rest: Any) -> None:
    """Extract attributions from articles into DIR: claims.jsonl, articles.jsonl, rejects.jsonl, run.json.

    SOURCE is a file (.txt, .md, .html, .jsonl, .jsonl.gz, .jsonl.zst, .warc, .warc.gz, .parquet), a folder (read
    recursively), a glob, or - for stdin. A run that was interrupted, or killed, goes on with --resume.

    \b
    Examples:
      onrecord extract seeds -o output
      onrecord extract news/*.jsonl.gz --field text=body -o output --overwrite
      cat article.txt | onrecord extract - -o - | head -1
      onrecord extract crawl/*.warc.gz -o /nfs/output --engine ray --ray-address auto
    """
    mode = parse_mode(output, resume=rest.pop("resume"), overwrite=rest.pop("overwrite"))
    crew = {name: rest.pop(name) for name in ("workers", "timeout", "factory")}
    ray = {name: rest.pop(name) for name in ("ray_address", "shard_size")}
    options = make_options(**rest)
    if engine == "ray":
        refuse_for_ray(sources, output, limit)
        work = ray_work(sources, output, options, mode, crew, **ray)
        failed = write_folder(work, output, quiet=quiet, sources=sources, limit=None)
    elif any(ray.values()):
        raise click.UsageError("--ray-address and --shard-size are for --engine ray")
    elif output == "-":
        failed = print_claims(read(sources, options, limit), options, make_crew(**crew))
    else:
        work = local_work(read(sources, options, limit), output, options, mode, crew)
        failed = write_folder(work, output, quiet=quiet, sources=sources, limit=limit)
    if failed:
        sys.exit(1)


def parse_mode(output: str, *, resume: bool, overwrite: bool) -> Mode:
    if resume and overwrite:
        raise click.UsageError("--resume goes on with a run, --overwrite begins anew: give one of them")
    if output == "-" and (resume or overwrite):
        raise click.UsageError("--resume and --overwrite are for a folder, not for -o -")
    return "resume" if resume else "overwrite" if overwrite else "new"


def make_crew(**given: Any) -> Crew:
    from onrecord.batch.run import Crew

    return Crew(**{name: value for name, value in given.items() if value is not None})


def make_options(*, fields: Iterable[str], base: str | None, **rest: Any) -> Options:
    from onrecord.batch.run import Options
    from onrecord.pipeline import BASE

    return Options(base=base or BASE, fields=parse_fields(fields), **rest)


def parse_fields(pairs: Iterable[str]) -> dict[str, str]:
    """Turn `ours=theirs` pairs into a mapping."""
    fields = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not equals or ours not in ("id", "text", "title", "url", "published") or not theirs:
            raise click.UsageError(f"--field {pair}: expected OURS=THEIRS, OURS one of id, text, title, url, published")
        fields[ours] = theirs
    return fields


def print_claims(items: Iterable[Article | Reject], options: Options, crew: Crew) -> int:
    """Write claims to stdout as they come; returns the number of rejects, each told on stderr."""
    from onrecord.batch.interrupts import Interrupted, interruptible
    from onrecord.batch.run import results
    from onrecord.readers import Reject

    failed = 0
    try:
        with interruptible():
            for result in results(items, options, crew):
                if isinstance(result, Reject):
                    failed += 1
                    click.echo(describe(result), err=True)
                else:
                    sys.stdout.buffer.write(result.claims)
                    sys.stdout.flush()
    except Interrupted as signal:
        click.echo(f"interrupted by {signal}", err=True)
        sys.exit(signal.status)
    return failed


def describe(reject: Reject) -> str:
    """Return a reject as one line: where, why, what to do."""
    where = f"{reject.source}:{reject.line}" if reject.line else reject.source
    return f"rejected {where!r}: {reject.reason}: {reject.detail}"


def read(sources: tuple[str, ...], options: Options, limit: int | None) -> Iterable[Article | Reject]:
    from onrecord.readers import read_sources

    return islice(read_sources(sources, fields=options.fields, max_chars=options.max_chars), limit)


# Does the job, telling how far it is; returns what is written to run.json.
Work = Callable[["Progress"], dict[str, Any]]


def local_work(
    items: Iterable[Article | Reject], output: str, options: Options, mode: Mode, crew: dict[str, Any]
) -> Work:
    from onrecord.batch.run import run

    return lambda progress: run(items, Path(output), options, mode=mode, crew=make_crew(**crew), progress=progress)


def ray_work(
    sources: tuple[str, ...],
    output: str,
    options: Options,
    mode: Mode,
    crew: dict[str, Any],
    *,
    ray_address: str | None,
    shard_size: int | None,
) -> Work:
    from onrecord.batch.cluster import SHARD_ITEMS, Cluster, run_on_ray

    cluster = Cluster(ray_address, crew["workers"], shard_size or SHARD_ITEMS)
    return lambda progress: run_on_ray(
        sources, Path(output), options, mode=mode, crew=make_crew(**crew), cluster=cluster, progress=progress
    )


def refuse_for_ray(sources: tuple[str, ...], output: str, limit: int | None) -> None:
    """Raise a usage error for what only one process can do: read stdin, write stdout, count to a limit."""
    if output == "-" or "-" in sources:
        raise click.UsageError("--engine ray reads files and writes a folder: name them in place of -")
    if limit is not None:
        raise click.UsageError("--limit is for --engine local; with Ray, name fewer files")


def write_folder(work: Work, output: str, *, quiet: bool, sources: tuple[str, ...], limit: int | None) -> int:
    """Run into a folder, with progress on stderr; returns the number of rejects."""
    from onrecord.batch.interrupts import Interrupted, interruptible
    from onrecord.batch.progress import expected, shown

    try:
        with interruptible(), shown(None if quiet else expected(sources, limit), quiet=quiet) as progress:
            summary = work(progress)
    except Interrupted as signal:
        click.echo(f"interrupted by {signal}; what is done is kept: go on with the same command and --resume", err=True)
        sys.exit(signal.status)
    if not quiet:
        click.echo(sum_up(summary, output), err=True)
    return int(summary["counts"]["rejects"])


def sum_up(summary: dict[str, Any], output: str) -> str:
    """Return the last words of a run: what came out, and why the rest did not."""
    counts = summary["counts"]
    lines = [
        f"{counts['claims']:,} claims from {counts['articles']:,} articles ({counts['words']:,} words,"
        f" {summary['words_per_second']:,.0f} a second) in {output}"
    ]
    if counts["rejects"]:
        reasons = ", ".join(f"{number:,} {reason}" for reason, number in summary["reasons"].items())
        lines.append(f"{counts['rejects']:,} rejected: {reasons}; each is in {Path(output, 'rejects.jsonl')}")
    return "\n".join(lines)
