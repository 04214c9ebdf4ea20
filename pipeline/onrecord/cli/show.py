"""`onrecord show`: results in the terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from onrecord.labels import STANCES, TYPES

SORTS = ("text", "confidence", "speaker", "target", "stance", "doc", "published")


@click.command()
@click.argument("claims", default="output", type=click.Path(path_type=Path, allow_dash=True), metavar="[CLAIMS]")
@click.option("--speaker", metavar="NAME", help="Only speakers with this in their name.")
@click.option("--target", metavar="NAME", help="Only targets with this in their name.")
@click.option("--stance", type=click.Choice(STANCES), help="Only this stance.")
@click.option("--type", type=click.Choice(TYPES), help="Only this type of quotation.")
@click.option("--doc", metavar="NAME", help="Only articles with this in their id or title.")
@click.option("--min-confidence", type=click.FloatRange(0, 1), default=0.0, help="Only attributions as sure as this.")
@click.option("--sort", type=click.Choice(SORTS), default="text", show_default=True, help="Order of the rows.")
@click.option("--limit", type=click.IntRange(min=0), help="Rows to show, 0 for all.  [default: 20; all with --json]")
@click.option("--cards", is_flag=True, help="Everything about each attribution instead of a table.")
@click.option("--json", "as_json", is_flag=True, help="Print the matching records as JSONL instead.")
def show(claims: Path, sort: str, limit: int | None, cards: bool, as_json: bool, **filters: Any) -> None:
    """Look at results: a summary, then the attributions that match.

    CLAIMS is an output folder, a claims.jsonl, or - for stdin.

    \b
    Examples:
      onrecord extract seeds -o output
      onrecord show output --speaker peskov --cards
      onrecord show output --stance oppose --sort confidence --json | head -1
    """
    from onrecord.exports.results import read_records
    from onrecord.show import Filters, sort_records
    from onrecord.show import show as show_records

    accept = Filters(**filters).accept
    records = sort_records((record for record in read_records(claims) if accept(record)), sort)
    if as_json:
        from onrecord.batch.folder import dump

        sys.stdout.buffer.writelines(dump(record.to_dict()) for record in records[: limit or None])
        sys.stdout.flush()
    else:
        show_records(records, limit=20 if limit is None else limit, cards=cards)
