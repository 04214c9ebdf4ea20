"""Score records against gold attributions, and against gold speakers, stances and targets where there are any.

Gold is JSONL, an article a line: `doc_id`, `text`, `attributions` (`id` and the roles `source`, `cue`, `content`, each
a list of [start, end]). Meaning is JSONL, an attribution a line: `doc_id`, `id`, `speaker`, `kind`, `addressee`,
`stance`, `target`, `target_name`; where a field is a list, any of its values is right. Records that lie within another
one are left out, since gold marks the outer one only. All figures are percentages, over all gold articles at once.

    chars.ROLE     characters in spans of that role, each once an article, white space aside
    exact.ROLE     all spans of one role of one attribution, punctuation at their ends aside
    attr@0.5       one-to-one pairs whose contents share half of their characters (intersection over union)
    attr+src@0.5   ... whose sources touch, or are both empty
    attr-full@0.5  ... and whose cues do as well
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from onrecord.errors import OnRecordError
from onrecord.evaluation.gold import GoldArticle, Labels, Ranges, Roles, read_gold, read_labels
from onrecord.evaluation.meaning import Judgement, by_speaker_kind, calibration, score_meaning
from onrecord.evaluation.spans import Comparison, compare, score_spans
from onrecord.evaluation.table import table
from onrecord.records import Range, Record, spans_in

__all__ = ["evaluate", "read_gold", "read_labels", "table"]


def evaluate(gold: dict[str, GoldArticle], records: Iterable[Record], labels: Labels | None = None) -> dict[str, Any]:
    """Return all figures as JSON-ready data; without `labels` there is no `meaning` and no `by_speaker_kind`."""
    outer, others = by_article(gold, records)
    comparisons = [compare(article, [roles(record) for record in outer[doc_id]]) for doc_id, article in gold.items()]
    found = [outer[doc_id] for doc_id in gold]
    result = score_spans(comparisons) | {"records_of_other_articles": others}
    confidences = {"attribution": calibration(attribution_outcomes(comparisons, found))}
    if labels:
        result["meaning"], judgements = score_meaning(comparisons, found, labels)
        result["by_speaker_kind"] = by_speaker_kind(judgements, labels)
        confidences |= {part: calibration(outcomes(judgements, part)) for part in ("speaker", "stance", "target")}
    return result | {"calibration": confidences}


def by_article(gold: dict[str, GoldArticle], records: Iterable[Record]) -> tuple[dict[str, list[Record]], int]:
    """Return the outer records of each gold article, and how many records are of other articles.

    Raises OnRecordError where a record's words are not the gold text's, or no record is of a gold article at all.
    """
    outer: defaultdict[str, list[Record]] = defaultdict(list)
    others = 0
    for record in records:
        if record.doc.id not in gold:
            others += 1
            continue
        check_words(record, gold[record.doc.id].text)
        if record.within is None:
            outer[record.doc.id].append(record)
    if others and not outer:
        raise OnRecordError(f"none of the {others} records is of a gold article: doc.id and doc_id must agree")
    return outer, others


def check_words(record: Record, text: str) -> None:
    """Raise OnRecordError unless a record's words are the gold text's."""
    for span in spans_in(record):
        start, end, found = (getattr(span, key) for key in ("start", "end", "text"))
        if text[start:end] != found:
            raise OnRecordError(f"record {record.id}: gold text[{start}:{end}] of {record.doc.id!r} is not {found!r}")


def roles(record: Record) -> Roles:
    """Return a record's spans by role, as gold has them."""
    return {
        "source": ranges([record.speaker.mention]),
        "cue": ranges([record.cue]),
        "content": ranges(record.content.spans),
    }


def ranges(spans: Sequence[Range | None]) -> Ranges:
    return tuple((span.start, span.end) for span in spans if span is not None)


def attribution_outcomes(
    comparisons: Sequence[Comparison], found: Sequence[Sequence[Record]]
) -> Iterator[tuple[float | None, bool]]:
    """Yield each record's confidence to be an attribution, and whether gold has it."""
    for comparison, records in zip(comparisons, found):
        hits = {f for _, f in comparison.pairs}
        yield from ((record.confidence.attribution, f in hits) for f, record in enumerate(records))


def outcomes(judgements: Iterable[Judgement], part: str) -> Iterator[tuple[float | None, bool]]:
    """Yield the confidence of a part of each record that was found, and whether it is right."""
    return ((getattr(item.record.confidence, part), getattr(item, part)) for item in judgements)
