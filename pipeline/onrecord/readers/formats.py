"""Which reader reads which file, by the ending of its name."""

from __future__ import annotations

from onrecord.readers.articles import Reader
from onrecord.readers.jsonl import read_jsonl, read_jsonl_gz
from onrecord.readers.text import read_text

# A reader that needs an extra imports it when it is called; the ImportError becomes a reject.
READERS: dict[str, Reader] = {
    ".txt": read_text,
    ".md": read_text,
    ".jsonl": read_jsonl,
    ".jsonl.gz": read_jsonl_gz,
}


def known_ending(path: str) -> str | None:
    """Return the longest ending in `READERS` that `path` has, in whatever case."""
    lowered = path.lower()
    return max((ending for ending in READERS if lowered.endswith(ending)), key=len, default=None)
