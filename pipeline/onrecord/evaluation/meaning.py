"""Score what attributions mean: speaker, kind, stance, target and addressee of those found, and their confidence."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from onrecord.evaluation.gold import Label, Labels
from onrecord.evaluation.spans import Comparison, precision_recall
from onrecord.labels import SPEAKER_KINDS, STANCES
from onrecord.records import Record

# Do not count when two phrases' words are compared.
STOP = frozenset([
    "a", "an", "the", "of", "to", "in", "on", "for", "and", "or", "that", "this", "his", "her", "its", "their",
    "he", "she", "it", "they", "by", "with", "at", "as", "is", "was",
])  # fmt: skip
# Do not count when two names are compared.
UNNAMED = frozenset(("a", "an", "the", "mr", "mrs", "ms", "dr", "sen", "rep", "gov", "president", "senator"))
PRONOUNS = frozenset(("he", "she", "they", "it", "i", "we", "his", "her", "their", "its", "him", "them"))
# Bins of equal width for the expected calibration error.
BINS = 10


@dataclass(frozen=True, slots=True)
class Judgement:
    """A labelled attribution that was found, and what of it is right."""

    label: Label
    record: Record
    speaker: bool
    speaker_exact: bool
    kind: bool
    stance: bool
    target: bool

    @property
    def all(self) -> bool:
        return self.speaker and self.stance and self.target

    @property
    def true_stance(self) -> str:
        """The gold stance: where there are several, the one that was found."""
        return self.record.stance if self.stance else self.label.stance[0]

    @property
    def pronoun(self) -> bool:
        mention = self.record.speaker.mention
        return mention is not None and mention.text.lower() in PRONOUNS


def judge(label: Label, record: Record) -> Judgement:
    """Compare a record with the label of its gold attribution."""
    return Judgement(
        label,
        record,
        speaker=speaker_right(label, record),
        speaker_exact=speaker_right(label, record, exact=True),
        kind=record.speaker.kind in label.kind,
        stance=record.stance in label.stance,
        target=target_right(label, record),
    )


def words(phrase: str | None) -> list[str]:
    return re.findall(r"[\w$%]+", re.sub(r"[’']s\b", "", (phrase or "").lower()))


def name_words(name: str | None) -> list[str]:
    """Return a name's words without titles, articles and case."""
    return [word for word in words(name) if word not in UNNAMED]


def ends_alike(one: str, two: str) -> bool:
    """True if one name is the other's last words: *Trump*, *Donald Trump*."""
    short, long = sorted((name_words(one), name_words(two)), key=len)
    return bool(short) and long[-len(short) :] == short


def same_name(gold: str | None, found: str | None, kind: str, *, exact: bool = False) -> bool:
    """True if a found name is the right one; for persons the last words do, unless `exact`."""
    if gold is None or found is None:
        return gold is found
    return name_words(gold) == name_words(found) or (not exact and kind == "person" and ends_alike(gold, found))


def speaker_right(label: Label, record: Record, *, exact: bool = False) -> bool:
    """True if the speaker's name is one of the right ones."""
    return any(same_name(name, record.speaker.name, kind, exact=exact) for name, kind in label.speakers())


def target_right(label: Label, record: Record) -> bool:
    """True if the names are equal, or the phrases share half of the longer one's words."""
    target = record.target
    if target is None:
        return False
    if target.name and any(name and name_words(name) == name_words(target.name) for name in label.target_name):
        return True
    return any(share_half(phrase, target.text) for phrase in label.target)


def share_half(one: str | None, two: str) -> bool:
    """True if two phrases share half of the longer one's words, stop words aside unless there is nothing else."""
    first, second = (set(words(phrase)) - STOP or set(words(phrase)) for phrase in (one, two))
    return bool(first and second) and 2 * len(first & second) >= max(len(first), len(second))


def addressee_right(label: Label, record: Record) -> bool:
    """True if both have an addressee, whose name or words are the gold one's, or its last ones."""
    found = record.addressee
    if found is None:
        return False
    given = [name for name in (found.name, found.text) if name]
    return any(name and ends_alike(name, other) for name in label.addressee for other in given)


def score_meaning(
    comparisons: Iterable[Comparison], records: Sequence[Sequence[Record]], labels: Labels
) -> tuple[dict[str, Any], list[Judgement]]:
    """Return the figures over the labelled articles, and the judgements that they come from."""
    labelled = {doc_id for doc_id, _ in labels}
    judgements: list[Judgement] = []
    found = 0
    for comparison, candidates in zip(comparisons, records):
        doc_id, ids = comparison.article.id, list(comparison.article.attributions)
        if doc_id not in labelled:
            continue
        found += len(candidates)
        judgements += (
            judge(labels[doc_id, ids[g]], candidates[f]) for g, f in comparison.pairs if (doc_id, ids[g]) in labels
        )
    return figures(judgements, found, len(labels)), judgements


def figures(judgements: Sequence[Judgement], found: int, gold: int) -> dict[str, Any]:
    """Return shares of the attributions found, and end to end over all of them, in percent."""
    pronouns = [item for item in judgements if item.pronoun]
    return {
        "matched": len(judgements),
        "speaker": percent(item.speaker for item in judgements),
        "speaker exact": percent(item.speaker_exact for item in judgements),
        "kind": percent(item.kind for item in judgements),
        "stance": percent(item.stance for item in judgements),
        "target": percent(item.target for item in judgements),
        "stance and target": percent(item.stance and item.target for item in judgements),
        "stance macro-F1": macro_f1((item.true_stance, item.record.stance) for item in judgements),
        "pronoun speakers": percent(item.speaker for item in pronouns),
        "end to end F1": 200.0 * sum(item.all for item in judgements) / ((found + gold) or 1),
        "addressee": precision_recall(
            sum(addressee_right(item.label, item.record) for item in judgements),
            sum(item.record.addressee is not None for item in judgements),
            sum(None not in item.label.addressee for item in judgements),
        ),
    }


def percent(outcomes: Iterable[bool]) -> float:
    found = list(outcomes)
    return 100.0 * sum(found) / (len(found) or 1)


def macro_f1(stances: Iterable[tuple[str, str]]) -> float:
    """Return the mean over the stances of their F1, in percent, from pairs of the true stance and the one found."""
    pairs = list(stances)
    hits = Counter(truth for truth, found in pairs if truth == found)
    both = Counter(stance for pair in pairs for stance in pair)
    return sum(200.0 * hits[stance] / both[stance] for stance in STANCES if both[stance]) / len(STANCES)


def by_speaker_kind(judgements: Iterable[Judgement], labels: Labels) -> dict[str, dict[str, Any]]:
    """Return, for each kind of speaker in gold: how many there are, how many were found, what of these is right."""
    gold = Counter(label.kind[0] for label in labels.values())
    found: defaultdict[str, list[Judgement]] = defaultdict(list)
    for item in judgements:
        found[item.label.kind[0]].append(item)
    return {
        kind: {
            "gold": gold[kind],
            "found": len(found[kind]),
            "recall": 100.0 * len(found[kind]) / gold[kind],
            **{part: percent(getattr(item, part) for item in found[kind]) for part in ("speaker", "stance", "target")},
        }
        for kind in SPEAKER_KINDS
        if gold[kind]
    }


def calibration(outcomes: Iterable[tuple[float | None, bool]]) -> dict[str, Any] | None:
    """Return how far confidence is from the share that is right (ECE, in percent), with the bins; None without any."""
    bins: defaultdict[int, list[tuple[float, bool]]] = defaultdict(list)
    for confidence, right in outcomes:
        if confidence is not None:
            bins[min(int(confidence * BINS), BINS - 1)].append((confidence, right))
    if not bins:
        return None
    rows = list(bin_rows(bins))
    total = sum(row["count"] for row in rows)
    error = sum(row["count"] * abs(row["confidence"] - row["right"]) for row in rows) / total
    return {"ece": error, "count": total, "bins": rows}


def calibration_error(chances: Sequence[float], right: Sequence[bool]) -> float:
    """Return the expected calibration error, in percent; 0 if there are no chances."""
    found = calibration(zip(chances, right))
    return float(found["ece"]) if found else 0.0


def bin_rows(bins: dict[int, list[tuple[float, bool]]]) -> Iterator[dict[str, Any]]:
    for number in sorted(bins):
        pairs = bins[number]
        yield {
            "from": number / BINS,
            "count": len(pairs),
            "confidence": 100.0 * sum(confidence for confidence, _ in pairs) / len(pairs),
            "right": 100.0 * sum(right for _, right in pairs) / len(pairs),
        }
