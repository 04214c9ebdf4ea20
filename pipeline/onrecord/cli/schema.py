"""`onrecord schema`: the output contract for programs."""

from __future__ import annotations

import json

import click


@click.command()
def schema() -> None:
    """Print the JSON Schema of a record.

    \b
    Example:
      onrecord schema > record.schema.json
    """
    from onrecord.records import json_schema

    click.echo(json.dumps(json_schema(), indent=2))
