"""`onrecord evaluate`: results against gold."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.argument("gold", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="GOLD")
@click.argument("folder", default="output", type=click.Path(path_type=Path), metavar="[DIR]")
@click.option(
    "--meaning",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="LABELS",
    help="Gold speakers, stances and targets, JSONL.",
)
@click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON.")
def evaluate(gold: Path, folder: Path, meaning: Path | None, as_json: bool) -> None:
    """Score the records in DIR against gold: precision, recall, F1, by type, by kind of speaker, calibration.

    GOLD has an article a line: {"doc_id", "text", "attributions": [{"id", "source", "cue", "content"}]}, each role a
    list of [start, end]. LABELS has an attribution a line: {"doc_id", "id", "speaker", "kind", "addressee",
    "stance", "target", "target_name"}.

    \b
    Example:
      echo '{"doc_id": "stdin", "text": "It rains, she said.", "attributions": [{"id": "1", "source": [[10, 13]],' \\
        '"cue": [[14, 18]], "content": [[0, 8]]}]}' > gold.jsonl
      echo 'It rains, she said.' | onrecord extract - -o rain --overwrite
      onrecord evaluate gold.jsonl rain
    """
    from onrecord.evaluation import evaluate as evaluate_records
    from onrecord.evaluation import read_gold, read_labels, table
    from onrecord.exports.results import read_records

    articles = read_gold(gold)
    labels = read_labels(meaning, articles) if meaning else None
    result = evaluate_records(articles, read_records(folder), labels)
    click.echo(json.dumps(result, indent=1) if as_json else table(result))
