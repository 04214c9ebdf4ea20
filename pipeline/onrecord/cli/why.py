"""`onrecord why`: how a record got its speaker."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from onrecord.records import Record
    from onrecord.stages.speakers import Explanation

# Candidates, and features of a candidate, that are shown.
CANDIDATES, FEATURES = 5, 6


@click.command()
@click.argument("record_id")
@click.argument("folder", default="output", type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
def why(record_id: str, folder: Path, as_json: bool) -> None:
    """Explain how the record RECORD_ID of DIR got its speaker: the rule, the candidates, what counted for each.

    \b
    Example:
      onrecord extract seeds -o output
      onrecord why $(head -1 output/claims.jsonl | cut -d '"' -f 8) output
    """
    from onrecord.why import why as explanation_of

    record, explanation = explanation_of(record_id, folder)
    if as_json:
        click.echo(json.dumps(asdict(explanation), ensure_ascii=False, indent=2))
        return
    for line in lines_of(record, explanation):
        click.echo(line)


def lines_of(record: Record, explanation: Explanation) -> list[str]:
    """Return an explanation as lines of text; article text is shown with control characters escaped."""
    speaker = explanation.speaker
    lines = [
        f"content    {safe(record.content.text[:200])}",
        f"source     {safe(explanation.source)}",
        f"speaker    {safe(speaker.name)} ({speaker.kind}), by {speaker.resolved}",
        f"decided by {explanation.rule}",
    ]
    for one in explanation.considered[:CANDIDATES]:
        strongest = sorted(one.features.items(), key=lambda item: -abs(item[1]))[:FEATURES]
        told = ", ".join(f"{name} {value:+.2f}" for name, value in strongest if value)
        lines.append(f"  {one.chance:.2f}  {safe(one.name) or 'nobody'}: {told}")
    return lines


def safe(words: str | None) -> str:
    """Return article text with what could steer a terminal escaped."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in words or "") or "none"
