"""Which reader reads which file, by the ending of its name."""

from __future__ import annotations

from onrecord.readers.articles import Reader
from onrecord.readers.html import read_html
from onrecord.readers.jsonl import read_jsonl, read_jsonl_gz
from onrecord.readers.parquet import read_parquet
from onrecord.readers.text import read_text
from onrecord.readers.warc import read_warc
from onrecord.readers.zstd import read_jsonl_zst

# A reader that needs an extra imports it when it is called; the ImportError becomes a reject.
READERS: dict[str, Reader] = {
    ".txt": read_text,
    ".md": read_text,
    ".jsonl": read_jsonl,
    ".jsonl.gz": read_jsonl_gz,
    ".jsonl.zst": read_jsonl_zst,
    ".html": read_html,
    ".htm": read_html,
    ".warc": read_warc,
    ".warc.gz": read_warc,
    ".parquet": read_parquet,
}


def known_ending(path: str) -> str | None:
    """Return the longest ending in `READERS` that `path` has, in whatever case."""
    lowered = path.lower()
    return max((ending for ending in READERS if lowered.endswith(ending)), key=len, default=None)
