"""Score where attributions are: characters and exact spans by role, attributions one to one, and these by type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from onrecord.evaluation.gold import ROLES, GoldArticle, Roles
from onrecord.evaluation.matching import Item, characters, match, prepare
from onrecord.labels import TYPES

# A pair of attributions counts from this intersection over union of their contents.
THRESHOLD = 0.5
LEVELS = ("attr@0.5", "attr+src@0.5", "attr-full@0.5")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One article's gold and found attributions, and which of them belong together: (gold, found) indices."""

    article: GoldArticle
    raw: Sequence[Roles]
    gold: list[Item]
    found: list[Item]
    pairs: list[tuple[int, int]]


def compare(article: GoldArticle, found: Sequence[Roles]) -> Comparison:
    """Pair the attributions of one article."""
    gold_items = prepare(article.attributions.values(), article.text)
    items = prepare(found, article.text)
    pairs = [(g, f) for g, f, iou in match(gold_items, items) if iou >= THRESHOLD]
    return Comparison(article, found, gold_items, items, pairs)


def score_spans(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """Return all span figures over the articles."""
    count: Counter[tuple[str, ...]] = Counter()
    for comparison in comparisons:
        count_roles(comparison, count)
        count_attributions(comparison, count)
    return {
        "documents": len(comparisons),
        "documents_missing_in_pred": sum(not comparison.raw for comparison in comparisons),
        "gold_attributions": count["all", "gold"],
        "pred_attributions": count["all", "pred"],
        "gold_without_content": count["empty", "gold"],
        "pred_without_content": count["empty", "pred"],
        "chars": {role: figures(count, "chars", role) for role in ROLES},
        "exact": {role: figures(count, "exact", role) for role in ROLES},
        "attributions": {
            level: precision_recall(count[level, "hits"], count["all", "pred"], count["all", "gold"])
            for level in LEVELS
        },
        "by_type": {name: {level: by_type(count, name, level) for level in LEVELS} for name in TYPES},
    }


def count_roles(comparison: Comparison, count: Counter[tuple[str, ...]]) -> None:
    """Count characters and exact units by role."""
    text = comparison.article.text
    for role in ROLES:
        gold, found = (
            characters((span for item in items for span in item[role]), text)
            for items in (comparison.article.attributions.values(), comparison.raw)
        )
        gold_units, units = (
            Counter(item.units[role] for item in items if item.units[role])
            for items in (comparison.gold, comparison.found)
        )
        add(count, ("chars", role), hits=len(gold & found), pred=len(found), gold=len(gold))
        hits = gold_units & units
        add(count, ("exact", role), hits=hits.total(), pred=units.total(), gold=gold_units.total())


def add(count: Counter[tuple[str, ...]], key: tuple[str, str], **numbers: int) -> None:
    for part, number in numbers.items():
        count[key[0], key[1], part] += number


def count_attributions(comparison: Comparison, count: Counter[tuple[str, ...]]) -> None:
    """Count attributions and pairs, overall and by type; those without content cannot be paired."""
    for side, items in (("gold", comparison.gold), ("pred", comparison.found)):
        for item in items:
            count["empty" if item.type is None else "all", side] += 1
            count["type", side, str(item.type)] += 1
    for g, f in comparison.pairs:
        one, two = comparison.gold[g], comparison.found[f]
        source = one.touches(two, "source")
        for level, met in zip(LEVELS, (True, source, source and one.touches(two, "cue"))):
            count[level, "hits"] += met
            count[level, "gold", str(one.type)] += met
            count[level, "pred", str(two.type)] += met


def figures(count: Counter[tuple[str, ...]], kind: str, role: str) -> dict[str, float]:
    return precision_recall(*(count[kind, role, part] for part in ("hits", "pred", "gold")))


def precision_recall(hits: int, found: int, gold: int) -> dict[str, float]:
    """Return precision, recall and F1 in percent; nothing found where nothing is there is perfect."""
    if not found and not gold:
        precision = recall = f1 = 100.0
    else:
        precision = 100.0 * hits / found if found else 0.0
        recall = 100.0 * hits / gold if gold else 0.0
        f1 = 200.0 * hits / (found + gold)
    return {"p": precision, "r": recall, "f1": f1, "hits": hits, "pred": found, "gold": gold}


def by_type(count: Counter[tuple[str, ...]], name: str, level: str) -> dict[str, Any]:
    """Return recall by gold's type and precision by the found one's type."""
    return {
        "recall": share(count[level, "gold", name], count["type", "gold", name]),
        "precision": share(count[level, "pred", name], count["type", "pred", name]),
    }


def share(hits: int, total: int) -> dict[str, float | None]:
    """Return a percentage with its counts; None where there is nothing to take it of."""
    return {"value": 100.0 * hits / total if total else None, "hits": hits, "of": total}
