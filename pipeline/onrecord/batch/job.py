"""What a worker does in a batch: from an article, as plain data, to its lines of claims.jsonl."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

from onrecord.batch.folder import dump
from onrecord.model_folder import PACKAGES, model_folder
from onrecord.pipeline import BASE, load, process
from onrecord.readers import Article
from onrecord.records import Record

# id, text, title, url, published
Task = tuple[str, str, "str | None", "str | None", "str | None"]
# The lines, and how many they are.
Encoded = tuple[bytes, int]


@dataclass(frozen=True, slots=True)
class Options:
    """What the results of a run depend on; kept in run.json. `min_confidence` drops records less sure than that."""

    base: str = BASE
    model: str | None = None
    aliases: str | None = None
    max_chars: int = 1_000_000
    min_confidence: float = 0.0
    fields: dict[str, str] = field(default_factory=dict)


def make(config: dict[str, Any]) -> tuple[dict[str, Any], Callable[[Task], Encoded]]:
    """Load the models that `config`, an Options as a dictionary, names; returns which they are, and the encoder."""
    options = Options(**config)
    nlp = load(base=options.base, model=options.model, aliases=options.aliases)
    base = {"name": f"{nlp.meta['lang']}_{nlp.meta['name']}", "version": nlp.meta["version"]}

    def encode(task: Task) -> Encoded:
        ident, text, title, url, published = task
        article = Article(id=ident, text=text, source="", title=title, url=url, published=published)
        records = [record for record in process(article, nlp) if sure(record, options.min_confidence)]
        return b"".join(dump(record.to_dict()) for record in records), len(records)

    return {"model": describe_model(options.model), "base": base}, encode


def task_of(article: Article) -> Task:
    return article.id, article.text, article.title, article.url, article.published


def sure(record: Record, threshold: float) -> bool:
    """True unless the attribution's confidence is known to be under the threshold."""
    confidence = record.confidence.attribution
    return confidence is None or confidence >= threshold


def describe_model(model: str | None) -> dict[str, Any]:
    """Return name and version of the trained components, and a hash over their files, which tells any two apart."""
    folder, default, package = model_folder(model), model_folder(None), PACKAGES.get(model)
    version = import_module(package).__version__ if package else None
    files = hash_files(folder) if folder == default else hash_files(folder, default)
    return {"name": package or folder.name, "version": version, "sha256": files}


def hash_files(*folders: Path) -> str:
    """Return SHA-256 over the names and the contents of the data files in `folders`."""
    total = sha256()
    for path in (path for folder in folders for path in sorted(folder.iterdir())):
        if path.is_file() and path.suffix in (".onnx", ".npz", ".json"):
            total.update(path.name.encode())
            total.update(sha256(path.read_bytes()).digest())
    return total.hexdigest()
