"""`onrecord merge`: several runs as one."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DIR...")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), metavar="DIR", help="The new folder.")
@click.option("--resume", is_flag=True, help="Go on with a merge that was interrupted, or add what is new.")
@click.option("--overwrite", is_flag=True, help="Replace the results in the new folder, once all are merged.")
@click.option("-q", "--quiet", is_flag=True, help="No summary.")
def merge(folders: tuple[Path, ...], output: Path, resume: bool, overwrite: bool, quiet: bool) -> None:
    """Merge finished runs into one folder, in the order given; of two articles with one id the first is kept.

    A DIR that holds only other folders, such as the shards of a run on a cluster, stands for all of them.

    \b
    Examples:
      onrecord merge monday tuesday -o week
      onrecord merge results/shards -o merged
    """
    from onrecord.batch.merge import merge as merge_runs
    from onrecord.cli.extract import parse_mode

    summary = merge_runs(folders, output, mode=parse_mode(str(output), resume=resume, overwrite=overwrite))
    if not quiet:
        counts = summary["counts"]
        click.echo(
            f"{counts['claims']:,} claims from {counts['articles']:,} articles, {counts['rejects']:,} rejected,"
            f" of {summary['merged']:,} runs in {output}",
            err=True,
        )
