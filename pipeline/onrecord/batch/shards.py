"""Shards: slices of the input, each with an output folder of its own, so that many machines can work side by side.

A shard's folder is like any other, with a journal and `--resume`. Its run.json says besides what the shard was made of:
a hash, by which a later run knows that it can be kept, and the order of its articles and rejects, for merging.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from onrecord.batch.folder import OutputFolder, read_summary, refuse_mixture
from onrecord.batch.job import Options
from onrecord.batch.pool import Pool
from onrecord.batch.run import Crew, describe, fill
from onrecord.readers import Article, Reject

# A shard is handed to a worker as a whole and waits there in memory; some of these are under way for each worker.
SHARD_CHARACTERS = 4_000_000


@dataclass(frozen=True, slots=True)
class Shard:
    """`name` is the path of its folder below the one that holds all of them; names sort as the input does."""

    name: str
    items: list[Article | Reject]

    def about(self) -> dict[str, Any]:
        """Return what the shard's run.json says of it: of each article id and line, of each reject null."""
        total = sha256()
        for item in self.items:
            total.update(json.dumps([type(item).__name__, asdict(item)]).encode("utf-8"))
        items = [[item.id, item.line] if isinstance(item, Article) else None for item in self.items]
        return {"shard": {"sha256": total.hexdigest(), "items": items}}


def slices(items: Iterable[Article | Reject], size: int) -> Iterator[list[Article | Reject]]:
    """Cut `items` into lists of `size`, shorter where the articles are very long; of nothing, one empty list."""
    found: list[Article | Reject] = []
    characters = 0
    empty = True
    for item in items:
        found.append(item)
        empty = False
        characters += len(item.text) if isinstance(item, Article) else 0
        if len(found) == size or characters > SHARD_CHARACTERS:
            yield found
            found, characters = [], 0
    if found or empty:
        yield found


def process_shard(
    shard: Shard, root: Path, options: Options, crew: Crew, pool: Pool[Article | Reject]
) -> tuple[dict[str, Any], bool]:
    """Process what is not done of a shard, in its folder below `root`; returns its run.json and if anything was to do.

    Raises OnRecordError where the folder's results were made otherwise, and where it cannot be written to.
    """
    path, about = root / shard.name, shard.about()
    earlier = read_summary(path)
    if earlier and earlier.get("shard") != about["shard"]:  # the input has changed since
        shutil.rmtree(path)
    elif earlier and earlier.get("finished"):
        refuse_mixture(earlier, describe(options, crew, pool.identity()), path)
        return earlier, False
    with OutputFolder(path, mode="resume") as folder:
        return fill(folder, shard.items, options, crew, pool, about=about), True
