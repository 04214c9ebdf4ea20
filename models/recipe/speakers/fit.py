"""Fit the speakers stage's weights on gold attributions and write them as JSON.

    python fit.py GOLD.jsonl MEANING.jsonl --cache FILE -o speakers.json [--folds 5]

Three models: a softmax over the candidates for a pronoun or description, one set of weights a task; a softmax over
kinds for descriptions; a softmax over the phrases around a cue for whom it tells. The ranker is fitted in rounds: each
round resolves the articles with the weights of the round before, so that it learns from the trails of mentions that it
will meet. Articles are held out in turn first: their figures are printed, and the confidences are calibrated on them.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from data import Article, Label, read_articles
from evaluate import Tally, columns
from numpy.typing import NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

from onrecord.evaluation.meaning import calibration_error, ends_alike, same_name
from onrecord.stages.attributions import Attribution
from onrecord.stages.quotations import find_quotations
from onrecord.stages.speakers import kinds, speaker_of
from onrecord.stages.speakers.addressees import Option, options
from onrecord.stages.speakers.judging import Model, Verdict, log_odds
from onrecord.stages.speakers.phrases import Phrase
from onrecord.stages.speakers.ranking import FEATURES, INDEX, Candidate, Query, Ranker, Trail
from onrecord.stages.speakers.resolver import Resolver
from onrecord.stages.speakers.story import Story

Array = NDArray[np.float64]
ROUNDS = 3
# Strength of the pull of all weights towards zero; chosen on held-out folds of train.
RANKER_PENALTY = 0.5
KIND_PENALTY = 0.5
ADDRESSEE_PENALTY = 0.6
# Weights are pulled to these, others to zero. *In his meeting with Pashinyan, he …*: that *he* is not Pashinyan is
# grammar, too rare in the articles to be learnt from them.
EXPECTED = {"bound": -3.0}
# A feature must occur this often to get a weight: of kinds, of addressees.
RARE = 2
RARE_ADDRESSEE = 3


@dataclass
class Examples:
    """What is learnt from: features of candidates and of addressees, the right ones marked; of phrases, with kinds."""

    choices: dict[str, list[tuple[Array, Array]]] = field(default_factory=lambda: defaultdict(list))
    phrases: list[tuple[list[str], str]] = field(default_factory=list)
    addressees: list[tuple[list[tuple[str, ...]], Array]] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)


class Learner(Resolver):
    """Resolves a gold article and notes what there was to decide; `forced` lets the right candidate win."""

    def __init__(self, article: Article, model: Model, examples: Examples, forced: bool) -> None:
        self.labels = {id(a): label for a, label in zip(article.attributions, article.labels)}
        self.label: Label | None = None
        self.examples = examples
        recorder = Recorder(model.ranker.weights, self, forced)
        super().__init__(
            article.doc, article.attributions, find_quotations(article.doc.text), replace(model, ranker=recorder)
        )

    def decide(self, attribution: Attribution) -> Verdict:
        self.label = self.labels[id(attribution)]
        return super().decide(attribution)

    def with_addressee(self, attribution: Attribution, verdict: Verdict) -> Verdict:
        label, self.label = self.labels[id(attribution)], None
        found = options(self.story, attribution)
        if label and found:
            right = np.array([self.is_told(label["addressee"], option, verdict) for option in found], dtype=float)
            if right.any():
                self.examples.addressees.append(([option.features for option in found], right))
        return super().with_addressee(attribution, verdict)

    def is_told(self, gold: str | None, option: Option, verdict: Verdict) -> bool:
        """True if an option names the gold addressee, or is nobody if there is none."""
        if gold is None or option.span is None:
            return gold is option.span
        told = self.told(option.span, verdict).name
        return any(ends_alike(gold, name) for name in (told, self.story.text[slice(*option.span)]) if name)

    def as_printed(self, phrase: Phrase) -> Verdict:
        if self.label and self.label["kind"] in kinds.KINDS:
            people = phrase.head in self.story.peoples
            named = any(True for _ in self.story.names_in(phrase.first, phrase.last))
            found = kinds.features(self.story.words, phrase, people, named)
            self.examples.phrases.append((found, self.label["kind"]))
        return super().as_printed(phrase)


class Recorder(Ranker):
    """A ranker that notes the candidates and which are right."""

    def __init__(self, weights: Any, learner: Learner, forced: bool) -> None:
        super().__init__(weights)
        object.__setattr__(self, "learner", learner)
        object.__setattr__(self, "forced", forced)

    def rank(self, story: Story, trail: Trail, query: Query) -> list[Candidate]:
        ranked = super().rank(story, trail, query)
        learner: Learner = self.learner  # type: ignore[attr-defined]
        label = learner.label
        if label is None or not ranked or not query.source:
            return ranked
        right = [is_right(candidate, label, query, story) for candidate in ranked]
        if any(right):
            rows = np.array([row(candidate.values) for candidate in ranked])
            learner.examples.choices[query.task].append((rows, np.array(right, dtype=float)))
            if self.forced:  # type: ignore[attr-defined]
                ranked.sort(key=lambda candidate: not is_right(candidate, label, query, story))
        else:
            learner.examples.lost[query.task] += 1
        return ranked


def is_right(candidate: Candidate, label: Label, query: Query, story: Story) -> bool:
    """True if a candidate has the gold speaker's name; keeping the words as printed is right if nobody is named."""
    if candidate.entity is None:
        return label["kind"] not in ("person", "organization") or not other_name(label, query, story)
    return same_name(label["speaker"], candidate.entity.name, label["kind"])


def other_name(label: Label, query: Query, story: Story) -> bool:
    """True if the gold speaker is not named by the words of the query themselves."""
    printed = story.text[query.start : query.end].lower()
    return (label["speaker"] or "").lower() not in printed


def row(values: dict[str, float]) -> Array:
    """Return feature values as a vector."""
    vector = np.zeros(len(FEATURES))
    for name, value in values.items():
        vector[INDEX[name]] = value
    return vector


def fit_choice(examples: Sequence[tuple[Array, Array]]) -> dict[str, float]:
    """Return the ranker's weights for one task."""
    rows = np.concatenate([rows for rows, _ in examples])
    found = likeliest(rows, [right for _, right in examples], row(EXPECTED), RANKER_PENALTY)
    return {name: round(float(value), 3) for name, value in zip(FEATURES, found) if abs(value) >= 0.0005}


def fit_addressees(examples: Sequence[tuple[list[tuple[str, ...]], Array]]) -> dict[str, float]:
    """Return the weights of the features of addressees."""
    lists = [features for options, _ in examples for features in options]
    counts = Counter(name for features in lists for name in features)
    names = {name: number for number, name in enumerate(sorted(n for n, c in counts.items() if c >= RARE_ADDRESSEE))}
    columns = [[names[name] for name in features if name in names] for features in lists]
    ends = np.cumsum([0, *map(len, columns)])
    rows = csr_matrix((np.ones(ends[-1]), np.concatenate(columns), ends), shape=(len(lists), len(names)))
    found = likeliest(rows, [right for _, right in examples], np.zeros(len(names)), ADDRESSEE_PENALTY)
    return {name: round(float(found[number]), 2) for name, number in names.items() if abs(found[number]) >= 0.05}


def likeliest(rows: Any, right: Sequence[Array], expected: Array, penalty: float) -> Array:
    """Return the weights under which the right ones of each choice are likeliest, pulled towards `expected`.

    `rows` holds the features of all options, choice after choice; `right` marks the right ones of each choice.
    """
    sizes = [len(marks) for marks in right]
    starts = np.cumsum([0, *sizes])[:-1]
    group, marks = np.repeat(np.arange(len(sizes)), sizes), np.concatenate(right) > 0

    def loss(weights: Array) -> tuple[float, Array]:
        scores = rows @ weights
        scores = np.exp(scores - np.maximum.reduceat(np.where(marks, scores, -np.inf), starts)[group])
        total, good = np.add.reduceat(scores, starts), np.add.reduceat(scores * marks, starts)
        slope = rows.T @ (scores / total[group] - scores * marks / good[group])
        off = weights - expected
        return float(-np.log(good / total).sum()) + penalty * float(off @ off), slope + 2 * penalty * off

    found: Array = minimize(loss, expected, jac=True, method="L-BFGS-B").x
    return found


def fit_kinds(phrases: Sequence[tuple[list[str], str]]) -> dict[str, dict[str, float]]:
    """Return the weights by feature and kind."""
    counts = Counter(name for found, _ in phrases for name in set(found))
    names = {name: number for number, name in enumerate(sorted(n for n, c in counts.items() if c >= RARE))}
    rows = np.zeros((len(phrases), len(names)))
    for number, (found, _) in enumerate(phrases):
        rows[number, [names[name] for name in found if name in names]] = 1
    gold = np.eye(len(kinds.KINDS))[[kinds.KINDS.index(kind) for _, kind in phrases]]

    def loss(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(len(names), -1)
        scores = rows @ weights
        scores = np.exp(scores - scores.max(1, keepdims=True))
        chances = scores / scores.sum(1, keepdims=True)
        slope = rows.T @ (chances - gold) + 2 * KIND_PENALTY * weights
        return float(-np.log((chances * gold).sum(1)).sum() + KIND_PENALTY * flat @ flat), slope.ravel()

    found = minimize(loss, np.zeros(len(names) * len(kinds.KINDS)), jac=True, method="L-BFGS-B").x
    weights = found.reshape(len(names), -1).round(2)
    return {
        name: {kind: float(value) for kind, value in zip(kinds.KINDS, weights[number]) if value}
        for name, number in names.items()
        if weights[number].any()
    }


def fit(articles: Sequence[Article], verbose: bool = False) -> Model:
    """Return the model fitted on `articles`."""
    model = Model(Ranker({}), {}, {})
    for turn in range(ROUNDS):
        examples = Examples()
        for article in articles:
            Learner(article, model, examples, forced=turn == 0)
        model = Model(
            Ranker({task: fit_choice(choices) for task, choices in sorted(examples.choices.items())}),
            fit_kinds(examples.phrases),
            fit_addressees(examples.addressees),
        )
    if verbose:
        print({task: len(choices) for task, choices in examples.choices.items()}, "lost:", dict(examples.lost))
    return model


def held_out(articles: list[Article], folds: int) -> list[tuple[Article, Resolver]]:
    """Return each article resolved with a model that was fitted without it."""
    order = list(articles)
    random.Random(7).shuffle(order)
    resolved = []
    for fold in range(folds):
        model = fit([article for number, article in enumerate(order) if number % folds != fold])
        for article in order[fold::folds]:
            quotations = find_quotations(article.doc.text)
            resolved.append((article, Resolver(article.doc, article.attributions, quotations, model)))
    return resolved


def outcomes(resolved: Sequence[tuple[Article, Resolver]]) -> dict[str, list[tuple[float, bool]]]:
    """Return (log odds, right) of the labelled attributions, by rule."""
    found: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for article, resolver in resolved:
        for verdict, label in zip(resolver.verdicts, article.labels):
            if label is not None:
                right = same_name(label["speaker"], verdict.name, label["kind"])
                found[verdict.rule].append((log_odds(verdict.chance), right))
    return found


def fit_calibration(found: dict[str, list[tuple[float, bool]]]) -> dict[str, list[float]]:
    """Return offset and slope by rule; a rule with few or unvaried cases gets an offset only."""
    fitted = {}
    every = [(0.0, right) for pairs in found.values() for _, right in pairs]
    for rule, pairs in [*sorted(found.items()), ("any rule", every)]:
        odds, right = np.array([o for o, _ in pairs]), np.array([r for _, r in pairs], dtype=float)
        varied = len(pairs) >= 30 and odds.std() > 0

        def loss(at: Array, odds: Array = odds, right: Array = right, varied: bool = varied) -> float:
            score = at[0] + varied * at[1] * odds
            penalty = 0.1 * (at[0] - 1) ** 2 + 0.1 * varied * (at[1] - 1) ** 2
            return float(np.logaddexp(0, np.where(right > 0, -score, score)).sum() + penalty)

        offset, slope = minimize(loss, np.array([1.0, 1.0 if varied else 0.0])).x
        fitted[rule] = [round(float(offset), 3), round(float(slope), 3) if varied else 0.0]
    return fitted


def error_of_calibration(resolved: list[tuple[Article, Resolver]]) -> float:
    """Return the expected calibration error in percent: fitted on half of the articles, measured on the other."""
    chances: list[tuple[float, bool]] = []
    for half in (0, 1):
        calibration = fit_calibration(outcomes(resolved[half::2]))
        model = Model(Ranker({}), {}, {}, calibration)
        for article, resolver in resolved[1 - half :: 2]:
            for verdict, label in zip(resolver.verdicts, article.labels):
                chance = model.confidence(verdict) if label is not None else None
                if label is not None and chance is not None:
                    chances.append((chance, same_name(label["speaker"], verdict.name, label["kind"])))
    return calibration_error(*columns(chances))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path)
    parser.add_argument("meaning", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--errors", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path)
    args = parser.parse_args()
    articles = read_articles(args.gold, args.meaning, args.cache)
    resolved = held_out(articles, args.folds)
    tally = Tally()
    for article, resolver in resolved:
        tally.add(article, [speaker_of(v, a) for v, a in zip(resolver.verdicts, article.attributions)])
    tally.show(args.errors)
    print(f"calibration error, half on half: {error_of_calibration(resolved):.1f}")
    if args.output:
        model = fit(articles, verbose=True)
        calibration = fit_calibration(outcomes(resolved))
        data = {
            "ranker": model.ranker.weights,
            "kinds": model.kinds,
            "addressees": model.addressees,
            "calibration": calibration,
        }
        args.output.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
