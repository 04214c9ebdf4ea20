"""`onrecord extract`: the main job."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from onrecord.batch import Options
    from onrecord.readers import Article, Reject


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("-o", "--output", required=True, metavar="DIR", help="Folder for the results, or - for claims on stdout.")
@click.option("--overwrite", is_flag=True, help="Replace the results that the folder holds.")
@click.option("--base", metavar="NAME", help="Installed English spaCy model to build on.  [default: en_core_web_sm]")
@click.option(
    "--field", "fields", multiple=True, metavar="OURS=THEIRS", help="Read one of our keys from another: text=body."
)
@click.option("--max-chars", default=1_000_000, show_default=True, help="Reject longer articles (characters).")
@click.option("--limit", type=click.IntRange(min=0), help="Stop after this many articles.")
@click.option(
    "--min-confidence", type=click.FloatRange(0, 1), default=0.0, help="Leave out attributions less sure than this."
)
@click.option("-q", "--quiet", is_flag=True, help="No progress, no summary.")
def extract(
    sources: tuple[str, ...], output: str, fields: tuple[str, ...], limit: int | None, quiet: bool, **rest: Any
) -> None:
    """Extract attributions from articles into DIR: claims.jsonl, articles.jsonl, rejects.jsonl, run.json.

    SOURCE is a file (.txt, .md, .jsonl, .jsonl.gz), a folder (read recursively), a glob, or - for stdin.

    \b
    Examples:
      onrecord extract seeds -o output
      onrecord extract news/*.jsonl.gz --field text=body -o output --overwrite
      cat article.txt | onrecord extract - -o - | head -1
    """
    from itertools import islice

    from onrecord.batch import Options
    from onrecord.pipeline import BASE
    from onrecord.readers import read_sources

    overwrite = rest.pop("overwrite")
    rest["base"] = rest["base"] or BASE
    options = Options(fields=parse_fields(fields), **rest)
    items = read_sources(sources, fields=options.fields, max_chars=options.max_chars)
    items = islice(items, limit)
    if output == "-":
        failed = print_claims(items, options)
    else:
        failed = write_folder(items, Path(output), options, overwrite=overwrite, quiet=quiet)
    if failed:
        sys.exit(1)


def parse_fields(pairs: Iterable[str]) -> dict[str, str]:
    """Turn `ours=theirs` pairs into a mapping."""
    fields = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not equals or ours not in ("id", "text", "title", "url", "published") or not theirs:
            raise click.UsageError(f"--field {pair}: expected OURS=THEIRS, OURS one of id, text, title, url, published")
        fields[ours] = theirs
    return fields


def print_claims(items: Iterable[Article | Reject], options: Options) -> int:
    """Write claims to stdout as they come; returns the number of rejects, each told on stderr."""
    from onrecord.batch import results
    from onrecord.folder import dump
    from onrecord.readers import Reject

    failed = 0
    for result in results(items, options):
        if isinstance(result, Reject):
            failed += 1
            click.echo(describe(result), err=True)
            continue
        for record in result[1]:
            sys.stdout.buffer.write(dump(record.to_dict()))
        sys.stdout.flush()
    return failed


def describe(reject: Reject) -> str:
    """Return a reject as one line: where, why, what to do."""
    where = f"{reject.source}:{reject.line}" if reject.line else reject.source
    return f"rejected {where!r}: {reject.reason}: {reject.detail}"


def write_folder(
    items: Iterable[Article | Reject], output: Path, options: Options, *, overwrite: bool, quiet: bool
) -> int:
    """Run into a folder with a progress bar on stderr; returns the number of rejects."""
    from tqdm import tqdm

    from onrecord.batch import run

    with tqdm(unit=" articles", file=sys.stderr, disable=True if quiet else None) as bar:

        def progress(counts: Counter[str]) -> None:
            bar.update(counts["articles"] + counts["rejects"] - bar.n)
            bar.set_postfix(words=counts["words"], claims=counts["claims"], rejects=counts["rejects"], refresh=False)

        summary = run(items, output, options, overwrite=overwrite, progress=progress)
    counts = summary["counts"]
    if not quiet:
        click.echo(
            f"{counts['claims']} claims from {counts['articles']} articles ({counts['words']} words,"
            f" {summary['words_per_second']:.0f} a second) in {output}; {counts['rejects']} rejected",
            err=True,
        )
    return int(counts["rejects"])
