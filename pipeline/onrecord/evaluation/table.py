"""The figures of an evaluation as plain text, 80 columns wide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def table(result: dict[str, Any]) -> str:
    """Return all figures as a text of aligned columns."""
    lines = [*head(result), *span_rows(result), *type_rows(result)]
    if "meaning" in result:
        lines += [*meaning_rows(result["meaning"]), *kind_rows(result["by_speaker_kind"])]
    return "\n".join([*lines, *calibration_rows(result["calibration"])])


def head(result: dict[str, Any]) -> Iterator[str]:
    yield f"articles     {result['documents']:6}   without records {result['documents_missing_in_pred']}"
    yield f"gold         {result['gold_attributions']:6}   without content {result['gold_without_content']}"
    yield f"found        {result['pred_attributions']:6}   of other articles {result['records_of_other_articles']}"


def span_rows(result: dict[str, Any]) -> Iterator[str]:
    yield f"\n{'spans':20}{'P':>7}{'R':>7}{'F1':>7}{'hits':>9}{'found':>9}{'gold':>9}"
    rows = {f"{kind}.{role}": row for kind in ("chars", "exact") for role, row in result[kind].items()}
    for name, row in (rows | result["attributions"]).items():
        yield measured(name, row)


def measured(name: str, row: dict[str, Any]) -> str:
    scores = "".join(f"{row[key]:7.1f}" for key in ("p", "r", "f1"))
    return f"{name:20}{scores}" + "".join(f"{row[key]:9}" for key in ("hits", "pred", "gold"))


def type_rows(result: dict[str, Any]) -> Iterator[str]:
    levels = result["attributions"]
    yield f"\n{'by type':14}" + "".join(f"{level + ' R':>16}{'P':>6}" for level in levels)
    for name, row in result["by_type"].items():
        cells = (f"{share(cell['recall']):>16}{share(cell['precision']):>6}" for cell in row.values())
        yield f"{name:14}" + "".join(cells)


def share(cell: dict[str, Any]) -> str:
    return "-" if cell["value"] is None else f"{cell['value']:.1f}"


def meaning_rows(figures: dict[str, Any]) -> Iterator[str]:
    yield f"\nmeaning, of the {figures['matched']} labelled attributions that were found"
    for name, value in figures.items():
        if isinstance(value, float):
            yield f"  {name:18}{value:7.1f}"
    yield measured("  addressee", figures["addressee"])


def kind_rows(kinds: dict[str, Any]) -> Iterator[str]:
    yield f"\n{'by speaker kind':18}{'gold':>7}{'found':>7}{'recall':>9}{'speaker':>9}{'stance':>9}{'target':>9}"
    for kind, row in kinds.items():
        scores = "".join(f"{row[part]:9.1f}" for part in ("recall", "speaker", "stance", "target"))
        yield f"{kind:18}{row['gold']:7}{row['found']:7}{scores}"


def calibration_rows(parts: dict[str, Any]) -> Iterator[str]:
    yield f"\n{'calibration':18}{'ECE':>7}{'records':>9}"
    for part, figures in parts.items():
        yield f"{part:18}{figures['ece']:7.1f}{figures['count']:9}" if figures else f"{part:18}{'-':>7}{0:9}"
