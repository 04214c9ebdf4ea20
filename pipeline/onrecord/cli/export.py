"""`onrecord export`: results in the formats of other programs."""

from __future__ import annotations

from pathlib import Path

import click

FORMATS = ("csv", "parquet", "webannotation", "labelstudio", "brat", "docbin")


@click.command()
@click.argument("folder", default="output", type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("--to", "form", type=click.Choice(FORMATS), required=True, help="Format to write.")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, metavar="PATH", help="Where to.")
def export(folder: Path, form: str, output: Path) -> None:
    """Write the results in DIR in another program's format.

    PATH is a file for csv, parquet, webannotation (W3C JSON-LD) and docbin (spaCy), and a new folder for labelstudio
    (tasks and labelling interface) and brat (a .txt and .ann for each article).

    \b
    Examples:
      onrecord extract seeds -o output
      onrecord export output --to csv -o claims.csv
      onrecord export output --to brat -o brat
    """
    from onrecord.exports import export as export_results
    from onrecord.exports import read_results

    export_results(read_results(folder), form, output)
    click.echo(f"{output}: written", err=True)
