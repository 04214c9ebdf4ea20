"""`onrecord extract`: the main job."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from onrecord.batch.folder import Mode
    from onrecord.batch.run import Crew, Options
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
@click.option("--model", metavar="PATH", help="Folder of trained components.  [default: those that come with onrecord]")
@click.option("--aliases", metavar="FILE", help="Names of your own, with ids: JSONL with label, pattern, id.")
@click.option(
    "--field", "fields", multiple=True, metavar="OURS=THEIRS", help="Read one of our keys from another: text=body."
)
@click.option("--max-chars", default=1_000_000, show_default=True, help="Reject longer articles (characters).")
@click.option("--limit", type=click.IntRange(min=0), help="Stop after this many articles.")
@click.option(
    "--min-confidence", type=click.FloatRange(0, 1), default=0.0, help="Leave out attributions less sure than this."
)
@click.option("-q", "--quiet", is_flag=True, help="No progress, no summary.")
@click.option("--factory", hidden=True, help="module:function that makes what workers run; tests put a quick one here.")
def extract(sources: tuple[str, ...], output: str, limit: int | None, quiet: bool, **rest: Any) -> None:
    """Extract attributions from articles into DIR: claims.jsonl, articles.jsonl, rejects.jsonl, run.json.

    SOURCE is a file (.txt, .md, .html, .jsonl, .jsonl.gz, .jsonl.zst, .warc, .warc.gz, .parquet), a folder (read
    recursively), a glob, or - for stdin. A run that was interrupted, or killed, goes on with --resume.

    \b
    Examples:
      onrecord extract seeds -o output
      onrecord extract news/*.jsonl.gz --field text=body -o output --overwrite
      cat article.txt | onrecord extract - -o - | head -1
    """
    from onrecord.readers import read_sources

    mode = parse_mode(output, resume=rest.pop("resume"), overwrite=rest.pop("overwrite"))
    crew = make_crew(**{name: rest.pop(name) for name in ("workers", "timeout", "factory")})
    options = make_options(**rest)
    items = islice(read_sources(sources, fields=options.fields, max_chars=options.max_chars), limit)
    if output == "-":
        failed = print_claims(items, options, crew)
    else:
        failed = write_folder(items, Path(output), options, crew, mode, quiet=quiet, sources=sources, limit=limit)
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


def write_folder(
    items: Iterable[Article | Reject],
    output: Path,
    options: Options,
    crew: Crew,
    mode: Mode,
    *,
    quiet: bool,
    sources: tuple[str, ...],
    limit: int | None,
) -> int:
    """Run into a folder, with progress on stderr; returns the number of rejects."""
    from onrecord.batch.interrupts import Interrupted, interruptible
    from onrecord.batch.progress import expected, shown
    from onrecord.batch.run import run

    try:
        with interruptible(), shown(None if quiet else expected(sources, limit), quiet=quiet) as progress:
            summary = run(items, output, options, mode=mode, crew=crew, progress=progress)
    except Interrupted as signal:
        click.echo(f"interrupted by {signal}; what is done is kept: go on with the same command and --resume", err=True)
        sys.exit(signal.status)
    if not quiet:
        click.echo(sum_up(summary, output), err=True)
    return int(summary["counts"]["rejects"])


def sum_up(summary: dict[str, Any], output: Path) -> str:
    """Return the last words of a run: what came out, and why the rest did not."""
    counts = summary["counts"]
    lines = [
        f"{counts['claims']:,} claims from {counts['articles']:,} articles ({counts['words']:,} words,"
        f" {summary['words_per_second']:,.0f} a second) in {output}"
    ]
    if counts["rejects"]:
        reasons = ", ".join(f"{number:,} {reason}" for reason, number in summary["reasons"].items())
        lines.append(f"{counts['rejects']:,} rejected: {reasons}; each is in {output / 'rejects.jsonl'}")
    return "\n".join(lines)
