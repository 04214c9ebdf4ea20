"""What an output folder holds for certain, read from its files after a run that may have ended at any moment.

The order in which a run writes makes this possible: claims and rejects reach the disk before the articles' lines that
come after them. So every whole line of `articles.jsonl` vouches for the claims up to its `claims_end` and for the
rejects before it. Whatever is beyond the last whole line, torn or not, is cut off and done again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any

from onrecord.readers import Article, Reject

CLAIMS, ARTICLES, REJECTS, RUN = "claims.jsonl", "articles.jsonl", "rejects.jsonl", "run.json"
# Reasons of rejects that processing gives, not reading: such an article has had its turn and is not tried again, since
# it would come out of order.
FAILED, TIMEOUT, DIED, CHANGED = "failed", "timeout", "worker-died", "changed"
HAD_THEIR_TURN = frozenset((FAILED, TIMEOUT, DIED))
# As in the readers: two different ids meet once in 10^22 runs of a hundred million articles.
KEY_BYTES = 16
COUNTED = ("articles", "words", "characters", "claims", "rejects")


@dataclass
class Journal:
    """What is done: lengths in bytes up to which the files hold, counts, and digests of ids, texts and rejects."""

    claims_end: int = 0
    articles_end: int = 0
    rejects_end: int = 0
    counts: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(COUNTED, 0)))
    reasons: Counter[str] = field(default_factory=Counter)
    done: dict[bytes, bytes] = field(default_factory=dict)
    failed: set[bytes] = field(default_factory=set)
    rejected: Counter[bytes] = field(default_factory=Counter)

    def take_article(self, line: dict[str, Any]) -> None:
        self.count_article(line)
        self.claims_end = line["claims_end"]
        self.done[key(line["id"])] = key(line["sha256"])

    def take_reject(self, line: dict[str, Any]) -> None:
        self.count_reject(line["reason"])
        self.rejected[reject_key(line)] += 1
        if line["reason"] in HAD_THEIR_TURN:
            self.failed.add(key(line["id"]))

    def count_article(self, line: dict[str, Any]) -> None:
        self.counts["articles"] += 1
        for name in ("words", "characters", "claims"):
            self.counts[name] += line[name]

    def count_reject(self, reason: str) -> None:
        self.counts["rejects"] += 1
        self.reasons[reason] += 1

    def left(self, items: Iterable[Article | Reject]) -> Iterator[Article | Reject]:
        """Yield of `items` what is not in the folder yet; an article that has changed since becomes a reject."""
        for item in items:
            new = self.unless_done(item)
            if new is not None:
                yield new

    def unless_done(self, item: Article | Reject) -> Article | Reject | None:
        if isinstance(item, Article):
            ident = key(item.id)
            if ident in self.failed:
                return None
            if ident not in self.done:
                return item
            if self.done[ident] == key(text_hash(item.text)):
                return None
            detail = "not the text that the folder has results for, which are kept; --overwrite begins anew"
            item = Reject(item.source, item.line, item.id, CHANGED, detail)
        return None if self.told_before(item) else item

    def told_before(self, reject: Reject) -> bool:
        """True if this reject is in the folder; once for each time that it is there."""
        digest = reject_key(reject_line(reject))
        if self.rejected[digest] > 0:
            self.rejected[digest] -= 1
            return True
        return False


def read_journal(folder: Path) -> Journal:
    """Return what `folder` holds for certain; changes nothing there."""
    journal = Journal()
    claims = (folder / CLAIMS).stat().st_size if (folder / CLAIMS).exists() else 0
    for end, line in whole_lines(folder / ARTICLES):
        if line["claims_end"] > claims:
            break
        journal.take_article(line)
        journal.articles_end = end
    for end, line in whole_lines(folder / REJECTS):
        journal.take_reject(line)
        journal.rejects_end = end
    return journal


def whole_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the lines of a JSONL file, each with the offset of its end, up to the first that is torn or no JSON."""
    if not path.exists():
        return
    end = 0
    with path.open("rb") as lines:
        for line in lines:
            end += len(line)
            try:
                value = json.loads(line) if line.endswith(b"\n") else None
            except ValueError:  # zeros, where a disk lost power before the data came
                return
            if not isinstance(value, dict):
                return
            yield end, value


def journal_line(article: Article, claims: int, claims_end: int) -> dict[str, Any]:
    """Return an article's line in articles.jsonl."""
    return {
        "id": article.id,
        "source": article.source,
        "title": article.title,
        "url": article.url,
        "published": article.published,
        "sha256": text_hash(article.text),
        "characters": len(article.text),
        "words": len(article.text.split()),
        "claims": claims,
        "claims_end": claims_end,
        "note": article.note,
        "meta": article.meta or None,
        "text": article.text,
    }


def reject_line(reject: Reject) -> dict[str, Any]:
    """Return a reject as its line in rejects.jsonl."""
    return {name: getattr(reject, name) for name in ("source", "line", "id", "reason", "detail")}


def reject_key(line: dict[str, Any]) -> bytes:
    return key(json.dumps(line))


def key(text: str) -> bytes:
    """Return a short digest, so that a long run's journal fits in memory: some 200 bytes an article."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=KEY_BYTES).digest()


def text_hash(text: str) -> str:
    """Return SHA-256 as it stands in articles.jsonl."""
    return sha256(text.encode("utf-8")).hexdigest()
