"""`onrecord report`: results as one HTML page."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("folder", default="output", type=click.Path(path_type=Path), metavar="[DIR]")
@click.option(
    "-o",
    "--output",
    default="report.html",
    show_default=True,
    type=click.Path(path_type=Path, allow_dash=True, dir_okay=False),
    help="File to write, or - for stdout.",
)
@click.option("--title", default="On the record", show_default=True, help="Heading of the page.")
def report(folder: Path, output: Path, title: str) -> None:
    """Write one self-contained HTML page: the articles with their attributions marked, filters and charts.

    \b
    Example:
      onrecord extract seeds -o output
      onrecord report output -o report.html
    """
    from onrecord.exports.results import read_results
    from onrecord.report import render

    page = render(read_results(folder), title=title).encode("utf-8")
    if str(output) == "-":
        sys.stdout.buffer.write(page)
        sys.stdout.flush()
        return
    try:
        output.write_bytes(page)
    except OSError as error:
        raise click.ClickException(f"cannot write {output}: {error.strerror}") from error
    click.echo(f"{output}: {len(page):,} bytes", err=True)
