"""`onrecord diff`: two runs compared."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click


@click.command()
@click.argument("old", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="OLD")
@click.argument("new", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="NEW")
@click.option("--max-changes", type=click.IntRange(min=0), help="Exit 1 if more attributions than this changed.")
@click.option("--json", "as_json", is_flag=True, help="Print counts and changes as JSON.")
def diff(old: Path, new: Path, max_changes: int | None, as_json: bool) -> None:
    """Compare two output folders attribution by attribution.

    Tells what is new, lost, moved, re-attributed, of another stance or about another target.

    \b
    Example:
      onrecord extract seeds -o before
      onrecord extract seeds -o after
      onrecord diff before after --max-changes 0
    """
    from onrecord.diff import compare, describe
    from onrecord.exports.results import read_results
    from onrecord.show import safe

    difference = compare(read_results(old), read_results(new))
    if as_json:
        click.echo(json.dumps(difference.to_dict(), indent=1, ensure_ascii=False))
    else:
        for change in difference.changes:
            click.echo(safe(describe(change)))
        counts = ", ".join(f"{number} {kind}" for kind, number in difference.counts().items())
        click.echo(f"{len(difference.changes)} changed ({counts}), {difference.same} the same")
    if max_changes is not None and len(difference.changes) > max_changes:
        click.echo(f"{len(difference.changes)} changes, {max_changes} allowed", err=True)
        sys.exit(1)
