"""HTML, WARC, Parquet and zstandard: what comes out, and that nothing broken costs more than itself."""

from __future__ import annotations

import gzip
import json
import os
import signal
import zlib
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from onrecord.batch.run import Crew, Options, run
from onrecord.readers import Article, Reject, extras, html, read_sources, warc

PARAGRAPH = "“We will rebuild the bridge,” Mayor Ana Muñoz said on Friday after the council had met for six hours. "
MENU = "<nav><ul><li><a href='/'>Home</a></li><li><a href='/sport'>Sport</a></li></ul></nav>"

needs_html = pytest.mark.skipif(not find_spec("trafilatura"), reason="needs onrecord[html]")
needs_warc = pytest.mark.skipif(not find_spec("fastwarc") or not find_spec("trafilatura"), reason="onrecord[warc]")
needs_parquet = pytest.mark.skipif(not find_spec("pyarrow"), reason="needs onrecord[parquet]")
needs_zstd = pytest.mark.skipif(not find_spec("zstandard"), reason="needs onrecord[zstd]")


def page(number: int = 0, head: str = "", body: str = "") -> str:
    return f"""<!DOCTYPE html><html><head><title>Bridge {number} to be rebuilt</title>{head}
<meta name="author" content="Jo Field"><meta property="article:published_time" content="2024-05-0{number % 9 + 1}">
</head><body>{MENU}<article><h1>Bridge {number} to be rebuilt</h1>
{body}{"".join(f"<p>{PARAGRAPH} Paragraph {n} of story {number}.</p>" for n in range(6))}</article></body></html>"""


def read(path: Path, **options: Any) -> list[Article | Reject]:
    return list(read_sources([str(path)], **options))


def shapes(items: list[Article | Reject]) -> list[str]:
    """Return each item's id, with an exclamation mark and the reason if it is a reject."""
    return [f"{item.line} !{item.reason}" if isinstance(item, Reject) else item.id for item in items]


@needs_html
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("declared", ["utf-8", "iso-8859-1", "nonsense"])
def test_html(encoding: str, declared: str, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(page(1, f"<meta charset={declared}>").encode(encoding))
    (article,) = read(tmp_path / "a.html")
    assert isinstance(article, Article), article
    assert article.id == "a"
    assert PARAGRAPH.strip() in article.text
    assert "Sport" not in article.text
    assert (article.title, article.published) == ("Bridge 1 to be rebuilt", "2024-05-02")
    assert article.meta == {"author": "Jo Field"}


@needs_html
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "no-article"),
        ("<html><body></body></html>", "no-article"),
        (MENU, "no-article"),
        ("\0\1\2\3" * 99, "not-text"),
    ],
    ids=["empty", "no-body", "menu", "binary"],
)
def test_html_without_an_article(content: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(content.encode("latin-1") + b"\xe9" * content.count("\1"))
    assert shapes(read(tmp_path / "a.html")) == [f"None !{reason}"]


@needs_html
def test_page_that_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser is replaced, so the next page is read."""
    (tmp_path / "a.html").write_text(page())
    assert shapes(read(tmp_path / "a.html")) == ["a"]
    assert html.GUARD.worker
    assert html.GUARD.worker.process.pid
    os.kill(html.GUARD.worker.process.pid, signal.SIGSTOP)
    monkeypatch.setattr(html, "PAGE_SECONDS", 0.2)
    assert shapes(read(tmp_path / "a.html")) == ["None !page-timeout"]
    monkeypatch.undo()
    assert shapes(read(tmp_path / "a.html")) == ["a"]


@needs_html
def test_page_over_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "MAX_PAGE_BYTES", 100)
    (tmp_path / "a.html").write_text(page())
    assert shapes(read(tmp_path / "a.html")) == ["None !too-large"]


def record(url: str, body: bytes, *, head: str = "", status: str = "200 OK", kind: str = "text/html") -> bytes:
    response = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{head}\r\n".encode() + body
    lines = (
        "WARC/1.0",
        "WARC-Type: response",
        f"WARC-Target-URI: {url}",
        f"WARC-Record-ID: <urn:uuid:{zlib.crc32(url.encode())}>",
        "Content-Type: application/http; msgtype=response",
        f"Content-Length: {len(response)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + response + b"\r\n\r\n"


def crawl(folder: Path, *, packed: bool) -> tuple[Path, list[str]]:
    """Write a hundred responses in the shape of a crawl: boilerplate, broken markup, wrong charsets, errors.

    Returns the file, and the shapes of what is to come of it.
    """
    records, expected = [], []
    for number in range(100):
        url, body, more = f"http://news.example/{number}", page(number).encode(), {}
        shape = url
        if number % 10 == 1:
            body = body.replace(b"</p>", b"").replace(b"</article>", b"<div><b>")
        elif number % 10 == 2:
            body, more = page(number).encode("cp1252"), {"kind": "text/html; charset=utf-8"}
        elif number % 10 == 3:
            url, shape = "http://news.example/0", f"{number + 1} !duplicate-id"
        elif number % 10 == 4:
            body, more = gzip.compress(body), {"head": "Content-Encoding: gzip\r\n"}
        elif number % 10 == 5:
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:99], body[99:])) + b"0\r\n\r\n"
            more = {"head": "Transfer-Encoding: chunked\r\n"}
        elif number % 10 == 6:
            more, shape = {"status": "404 Not Found"}, f"{number + 1} !http-status"
        elif number % 10 == 7:
            more, shape = {"kind": "image/png"}, ""
        elif number % 10 == 8:
            body, shape = MENU.encode(), f"{number + 1} !no-article"
        records.append(record(url, body, **more))
        expected.append(shape)
    path = folder / ("crawl.warc.gz" if packed else "crawl.warc")
    path.write_bytes(b"".join(map(gzip.compress, records) if packed else records))
    return path, [shape for shape in expected if shape]


@needs_warc
@pytest.mark.parametrize("packed", [True, False], ids=["gz", "plain"])
def test_crawl(packed: bool, tmp_path: Path) -> None:
    path, expected = crawl(tmp_path, packed=packed)
    items = read(path)
    assert shapes(items) == expected
    for item in items:
        if isinstance(item, Article):
            assert "Mayor Ana Muñoz said" in item.text
            assert "Sport" not in item.text


@needs_warc
def test_crawl_goes_through(tmp_path: Path) -> None:
    """The whole run: every page is an article or a reject that says what is wrong, where, and what to do."""
    path, expected = crawl(tmp_path, packed=True)
    crew = Crew(workers=2, factory="factories:quick")
    summary = run(read_sources([str(path)]), tmp_path / "out", Options(), crew=crew)
    assert summary["counts"]["articles"] == sum("!" not in shape for shape in expected) == 60
    assert summary["reasons"] == {"duplicate-id": 10, "http-status": 10, "no-article": 10}
    lines = (tmp_path / "out" / "rejects.jsonl").read_text(encoding="utf-8").splitlines()
    rejects = [json.loads(line) for line in lines]
    assert [f"{reject['line']} !{reject['reason']}" for reject in rejects] == [s for s in expected if "!" in s]
    assert all(reject["source"] == str(path) and reject["id"].startswith("http://news") for reject in rejects)
    assert all(len(reject["detail"]) > 20 for reject in rejects)


@needs_warc
@pytest.mark.parametrize("packed", [True, False], ids=["gz", "plain"])
def test_damaged_record_costs_itself(packed: bool, tmp_path: Path) -> None:
    records = [record(f"u{number}", page(number).encode()) for number in range(5)]
    parts = [gzip.compress(part) if packed else part for part in records]
    parts[1] = parts[1][:40] + b"\xff" * 30 + parts[1][70:]
    parts[4] = parts[4][:-200]
    path = tmp_path / ("c.warc.gz" if packed else "c.warc")
    path.write_bytes(b"".join(parts))
    found = shapes(read(path))
    assert [shape for shape in found if "!" not in shape] == ["u0", "u2", "u3"]
    assert len(found) == 5
    assert found[-1].endswith(("!clipped-record", "!broken-record"))


@needs_warc
@pytest.mark.parametrize("content", [b"", b"no warc at all" * 100, gzip.compress(b"no warc" * 100)])
def test_no_warc(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "c.warc.gz"
    path.write_bytes(content)
    assert all(shape.endswith("!broken-record") for shape in shapes(read(path)))


@needs_warc
def test_marks_are_found_across_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c"
    path.write_bytes(b"x" * 11 + warc.GZIP + b"x" * 5)
    for size in range(1, 20):
        monkeypatch.setattr(warc, "PIECE_BYTES", size)
        with path.open("rb") as stream:
            assert warc.find_mark(stream, warc.GZIP, 2) == 11
            assert warc.find_mark(stream, warc.GZIP, 12) is None


@needs_parquet
def test_parquet(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    rows = [
        {"key": 1, "body": "One.", "published": datetime(2024, 5, 1, tzinfo=timezone.utc), "score": float("nan")},
        {"key": 2, "body": None, "published": None, "score": 2.0},
        {"key": 3, "body": "Three.", "published": None, "score": 3.0},
    ]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    items = read(tmp_path / "a.parquet", fields={"id": "key", "text": "body"})
    assert shapes(items) == ["1", "2 !no-text", "3"]
    first = items[0]
    assert isinstance(first, Article)
    assert (first.published, first.meta, first.line) == ("2024-05-01T00:00:00+00:00", {"score": None}, 1)


@needs_parquet
@pytest.mark.parametrize("cut", [0, 4, 100])
def test_torn_parquet(cut: int, tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    path = tmp_path / "a.parquet"
    parquet.write_table(pa.Table.from_pylist([{"text": "One."}]), path)
    path.write_bytes(path.read_bytes()[:cut])
    assert shapes(read(path)) == ["None !corrupt-parquet"]


@needs_zstd
def test_zstd(tmp_path: Path) -> None:
    """Several frames, as parallel packers write them, and lines longer than a piece."""
    import zstandard

    lines = [json.dumps({"id": number, "text": f"Text {number} " * 999}) + "\n" for number in range(4)]
    data = [zstandard.compress("".join(pair).encode()) for pair in (lines[:2], lines[2:])]
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(b"".join(data))
    assert shapes(read(path)) == ["0", "1", "2", "3"]
    path.write_bytes(b"".join(data)[:-9])
    assert shapes(read(path))[-1].endswith("!corrupt-zstd")
    path.write_bytes(b"no zstandard")
    assert shapes(read(path)) == ["None !corrupt-zstd"]


@needs_zstd
def test_zstd_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import zstandard

    monkeypatch.setattr("onrecord.readers.lines.EXPANSION_FREE_BYTES", 10_000)
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(zstandard.compress(b'{"text": "' + b"a" * 5_000_000 + b'"}\n'))
    assert shapes(read(path))[0].endswith("-bomb")


@pytest.mark.parametrize(
    ("name", "extra"), [("a.html", "html"), ("a.warc", "warc"), ("a.parquet", "parquet"), ("a.jsonl.zst", "zstd")]
)
def test_missing_extra_is_named(name: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda package: None)
    (tmp_path / name).write_bytes(b"")
    (reject,) = read(tmp_path / name)
    assert isinstance(reject, Reject)
    assert reject.reason == "missing-extra"
    assert f"onrecord[{extra}]" in reject.detail
