"""`onrecord verify`: check an output folder."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("folder", default="output", type=click.Path(path_type=Path), metavar="[DIR]")
def verify(folder: Path) -> None:
    """Check every record in DIR against its article: text, offsets, ids, schema, journal.

    \b
    Example:
      onrecord verify output
    """
    from onrecord.verify import verify as problems_of

    problems = 0
    for problem in problems_of(folder):
        problems += 1
        click.echo(problem)
    click.echo(f"{folder}: {problems} problems" if problems else f"{folder}: all records hold", err=True)
    if problems:
        sys.exit(1)
