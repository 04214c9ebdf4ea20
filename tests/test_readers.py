"""The readers: from files, folders, globs and stdin to articles and rejects, in a fixed order."""

from __future__ import annotations

import gzip
import io
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import spacy
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from onrecord.errors import OnRecordError
from onrecord.readers import Article, Reject, encodings, find_pathological, formats, lines, pathological, read_sources
from onrecord.readers.articles import Options, Source

Files = Callable[[dict[str, str | bytes]], Path]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    """Write files below a folder, and go there."""
    monkeypatch.chdir(tmp_path)

    def write(contents: dict[str, str | bytes]) -> Path:
        for name, content in contents.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path

    return write


def read(*sources: str, **options: Any) -> list[Article | Reject]:
    return list(read_sources(sources, **options))


def brief(items: list[Article | Reject]) -> list[tuple[str, str]]:
    """Of each article source and text, of each reject source and reason."""
    return [(item.source, item.text if isinstance(item, Article) else f"!{item.reason}") for item in items]


def sources_of(*sources: str) -> list[str]:
    return [source if not text.startswith("!") else f"{source} {text}" for source, text in brief(read(*sources))]


def only(items: list[Article | Reject]) -> Article | Reject:
    assert len(items) == 1, items
    return items[0]


def article(*sources: str, **options: Any) -> Article:
    item = only(read(*sources, **options))
    assert isinstance(item, Article), item
    return item


def reject(*sources: str, **options: Any) -> Reject:
    item = only(read(*sources, **options))
    assert isinstance(item, Reject), item
    return item


def line_of(**keys: Any) -> str:
    return json.dumps(keys, ensure_ascii=False) + "\n"


# Which files, in which order

TREE: dict[str, str | bytes] = {
    "d/b.txt": "b",
    "d/a/z.txt": "z",
    "d/a.txt": "a",
    "d/A.md": "A",
    "d/a/deep/er/x.jsonl": line_of(text="x"),
    "d/a-b/c.TXT": "c",
    "d/picture.png": "no",
    "d/.hidden.txt": "no",
    "d/.git/config.txt": "no",
    "d/pack.jsonl.gz": gzip.compress(line_of(text="p").encode()),
    "e/1.txt": "1",
    "e/[1].txt": "bracket",
}
WHOLE = ["d/A.md", "d/a/deep/er/x.jsonl", "d/a/z.txt", "d/a-b/c.TXT", "d/a.txt", "d/b.txt", "d/pack.jsonl.gz"]


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["d"], WHOLE),
        (["d/"], WHOLE),
        (["./d"], ["./" + source for source in WHOLE]),
        (["d/b.txt", "d/a.txt"], ["d/b.txt", "d/a.txt"]),
        (["d/*.txt"], ["d/a.txt", "d/b.txt"]),
        (["d/?.*"], ["d/A.md", "d/a.txt", "d/b.txt"]),
        (["d/[ab].txt"], ["d/a.txt", "d/b.txt"]),
        (["d/*/*"], ["d/a/z.txt", "d/a-b/c.TXT"]),
        (["d/**/*.txt"], ["d/a/z.txt", "d/a.txt", "d/b.txt"]),
        (["d/**"], WHOLE),
        (["**/x.jsonl"], ["d/a/deep/er/x.jsonl"]),
        (["*/a/*/**/x.*"], ["d/a/deep/er/x.jsonl"]),
        (["e/[1].txt"], ["e/[1].txt"]),
        (["e/[[]1].txt", "e/[0-9].txt"], ["e/[1].txt", "e/1.txt"]),
        (["d/none.txt", "d/b.txt"], ["d/none.txt !missing-file", "d/b.txt"]),
        (["d/*.html.txt"], ["d/*.html.txt !missing-file"]),
        (["none/*.txt"], ["none/*.txt !missing-file"]),
        (["d/picture.png"], ["d/picture.png !unknown-format"]),
        (["d/*.png"], ["d/*.png !missing-file"]),
        (["d/.git"], ["d/.git/config.txt"]),
        (["d/.hidden.txt"], ["d/.hidden.txt"]),
        (["a\0b.txt"], ["a\0b.txt !missing-file"]),
        (["x" * 5000], ["x" * 5000 + " !missing-file"]),
        ([], []),
    ],
)
def test_sources(files: Files, sources: list[str], expected: list[str]) -> None:
    files(TREE)
    assert sources_of(*sources) == expected


def test_absolute_paths_are_named_as_given(files: Files) -> None:
    root = files(TREE)
    assert sources_of(str(root / "d")) == [str(root / source) for source in WHOLE]
    assert sources_of(f"{root}/d/*.txt") == [f"{root}/d/a.txt", f"{root}/d/b.txt"]


def test_current_folder(files: Files) -> None:
    files({"a.txt": "a", "b/c.txt": "c"})
    assert sources_of(".") == ["./a.txt", "./b/c.txt"]
    assert sources_of("*.txt") == ["a.txt"]


def test_folder_with_nothing_to_read(files: Files) -> None:
    files({"d/x.png": "no"})
    assert reject("d").reason == "missing-file"


def test_unknown_ending_names_the_known_ones(files: Files) -> None:
    files({"a.docx": "x"})
    detail = reject("a.docx").detail
    assert all(f" {ending}" in detail for ending in formats.READERS)


def test_reading_is_lazy(files: Files) -> None:
    files({"1.txt": "one", "2.txt": "two"})
    stream = read_sources(["1.txt", "2.txt"])
    next(stream)
    Path("2.txt").write_text("changed")
    assert brief(list(stream)) == [("2.txt", "changed")]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
class TestLinks:
    @pytest.mark.parametrize(
        ("link", "target", "expected"),
        [
            ("d/b.txt", "a.txt", ["d/a.txt", "d/b.txt !duplicate-id"]),
            ("d/b.txt", "../out/o.txt", ["d/a.txt", "d/b.txt !outside-folder"]),
            ("d/b.txt", "gone.txt", ["d/a.txt", "d/b.txt !missing-file"]),
            ("d/b.txt", "b.txt", ["d/a.txt", "d/b.txt !missing-file"]),
            ("d/b.png", "../out/o.txt", ["d/a.txt"]),
            ("d/sub", "../out", ["d/a.txt", "d/sub !outside-folder"]),
            ("d/loop", ".", ["d/a.txt"]),
            ("d/up", "..", ["d/a.txt", "d/up !outside-folder"]),
        ],
    )
    def test_in_a_folder(self, files: Files, link: str, target: str, expected: list[str]) -> None:
        files({"d/a.txt": "a", "out/o.txt": "o"})
        os.symlink(target, link)
        items = read("d")
        paired = [i.source if isinstance(i, Article) else f"{i.source} !{i.reason}" for i in items]
        if link == "d/b.txt" and target == "a.txt":
            expected = ["d/a.txt", "d/b.txt"]  # its id is its own name
        assert paired == expected

    def test_loops_further_down_end(self, files: Files) -> None:
        files({"d/x/a.txt": "a", "d/y/b.txt": "b"})
        os.symlink("../y", "d/x/to-y")
        os.symlink("../x", "d/y/to-x")
        found = sources_of("d")
        assert [source for source in found if "!" not in source] == ["d/x/a.txt", "d/x/to-y/b.txt"]
        assert [source for source in found if "!" in source] == [
            "d/y/b.txt !duplicate-id",
            "d/y/to-x/a.txt !duplicate-id",
        ]

    def test_folders_full_of_links_to_each_other_end(self, files: Files) -> None:
        files({f"d/{number:02}/{number:02}.txt": "text" for number in range(12)})
        for number in range(12):
            for other in range(12):
                os.symlink(f"../{other:02}", f"d/{number:02}/to-{other:02}")
        items = read("d")
        assert {item.id for item in items if isinstance(item, Article)} == {f"{number:02}" for number in range(12)}

    def test_named_or_given_folder_may_be_a_link(self, files: Files) -> None:
        files({"out/o.txt": "o"})
        os.symlink("out", "d")
        os.symlink("out/o.txt", "p.txt")
        assert sources_of("d", "p.txt") == ["d/o.txt", "p.txt"]

    def test_glob_obeys_the_same_rules(self, files: Files) -> None:
        files({"d/a.txt": "a", "out/o.txt": "o"})
        os.symlink("../out/o.txt", "d/b.txt")
        os.symlink("../out", "d/sub")
        assert sources_of("d/*.txt") == ["d/a.txt", "d/b.txt !outside-folder"]


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no sockets in files")
def test_unreadable_file_does_not_end_the_run(files: Files) -> None:
    files({"z.txt": "z"})
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind("s.txt")
        assert brief(read("s.txt", "z.txt")) == [("s.txt", "!unreadable"), ("z.txt", "z")]


def test_unreadable_folder_does_not_end_the_run(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    files({"d/a.txt": "a", "d/no/b.txt": "b", "d/z.txt": "z"})
    listdir = os.listdir

    def refuse(path: str) -> list[str]:
        if path.endswith("no"):
            raise PermissionError(13, "Permission denied")
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refuse)
    assert brief(read("d")) == [("d/a.txt", "a"), ("d/no", "!unreadable"), ("d/z.txt", "z")]


def test_very_deep_folders(files: Files) -> None:
    root = files({})
    deepest = "/".join(["d"] * 1100)
    for _ in range(1100):
        os.mkdir("d")
        os.chdir("d")
    Path("a.txt").write_text("deep")
    os.chdir(root)
    try:
        assert brief(read("d")) == [(f"{deepest}/a.txt", "deep")]
    finally:  # pytest would clean up by recursion
        os.remove(f"{deepest}/a.txt")
        os.removedirs(deepest)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file names are Unicode")
def test_file_name_that_is_not_utf8(files: Files) -> None:
    files({})
    Path(os.fsdecode(b"caf\xe9.txt")).write_text("text")
    item = article(".")
    assert (item.id, item.source) == ("caf\\xe9", "./caf\\xe9.txt")


# Text files


@pytest.mark.parametrize(
    ("name", "ident"),
    [
        ("a.txt", "a"),
        ("a.b.md", "a.b"),
        ("A.TXT", "A"),
        ("x/y.txt", "y"),
        (".txt", ".txt"),
        ("“No,” he said.txt", "“No,” he said"),
    ],
)
def test_id_is_the_file_name(files: Files, name: str, ident: str) -> None:
    files({name: "text"})
    assert article(name) == Article(id=ident, text="text", source=name)


@pytest.mark.parametrize(
    ("data", "text", "note"),
    [
        (b"plain\n", "plain\n", None),
        (b"a\r\nb\rc\n\nd", "a\r\nb\rc\n\nd", None),
        ("  “No,”  \u2028 e\u0301 \ufeff 👩\u200d🚒 \n".encode(), "  “No,”  \u2028 e\u0301 \ufeff 👩\u200d🚒 \n", None),
        (b"\xef\xbb\xbfmark", "mark", None),
        (b"\xef\xbb\xbf\xef\xbb\xbftwo marks", "\ufefftwo marks", None),
        (b"\xff\xfe" + "“Né”\r\n".encode("utf-16-le"), "“Né”\r\n", None),
        (b"\xfe\xff" + "“Né” 👩".encode("utf-16-be"), "“Né” 👩", None),
        ("“Né”".encode("utf-32"), "“Né”", None),
        ("“It’s over,” José Muñoz said.".encode("cp1252"), "“It’s over,” José Muñoz said.", "cp1252"),
        ("Señor Muñoz said: “Über alles—naïve.”".encode("cp1252"), "Señor Muñoz said: “Über alles—naïve.”", "cp1252"),
        ("It costs £5 or €6, he said.".encode("cp1252"), "It costs £5 or €6, he said.", "cp1252"),
        ("Das Café, sagte Müller.".encode("latin-1"), "Das Café, sagte Müller.", "cp1252"),
        ("Привет, сказал Путин. «Это конец».".encode("cp1251"), "Привет, сказал Путин. «Это конец».", "cp1251"),
        (
            b"a bell\x07 in a page of text, and a form feed\x0c\n",
            "a bell\x07 in a page of text, and a form feed\x0c\n",
            None,
        ),
    ],
)
def test_text_as_it_stands(files: Files, data: bytes, text: str, note: str | None) -> None:
    files({"a.txt": data})
    item = article("a.txt")
    assert (item.text, item.note) == (text, note and f"encoding detected: {note}")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b" \n\t\r\n", "empty"),
        ("\u00a0\u3000\u2028".encode(), "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not-text"),
        (b"text, then\0", "not-text"),
        ("UTF-16 without a mark".encode("utf-16-le"), "not-text"),
        (b"\xff\xfe\x00\xd8a\x00", "not-text"),
        (b"\xff\xfea\0\0\0", "not-text"),
        (bytes(range(1, 32)) * 9, "not-text"),
        (bytes((i * i * 7 + i // 3) % 255 + 1 for i in range(5000)), "not-text"),
        (b'"' * 20_000, "pathological"),
        (b"x" * 101, "too-long"),
        (b"x" * 100_000, "too-long"),
    ],
)
def test_text_refused(files: Files, data: bytes, reason: str) -> None:
    files({"a.txt": data, "b.txt": "still read"})
    limit = 30_000 if reason != "too-long" else 100
    first, second = read("a.txt", "b.txt", max_chars=limit)
    assert isinstance(first, Reject)
    assert (first.source, first.line, first.id, first.reason) == ("a.txt", None, "a", reason)
    assert isinstance(second, Article)


def test_limit_counts_characters(files: Files) -> None:
    files({"a.txt": "👩" * 100, "b.txt": "👩" * 101})
    assert brief(read("a.txt", "b.txt", max_chars=100)) == [("a.txt", "👩" * 100), ("b.txt", "!too-long")]


def test_huge_file_is_refused_unread(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    files({})
    with open("a.txt", "wb") as stream:
        stream.truncate(50 * 1024**3)
    monkeypatch.setattr(encodings, "decode", None)
    assert reject("a.txt").reason == "too-long"


# JSONL


@pytest.mark.parametrize(
    ("record", "fields", "expected"),
    [
        ({"text": "t"}, {}, Article("f:1", "t", "f.jsonl", line=1)),
        ({"text": "t", "id": "x"}, {}, Article("x", "t", "f.jsonl", line=1)),
        ({"text": "t", "id": 7}, {}, Article("7", "t", "f.jsonl", line=1)),
        ({"text": "t", "id": 0}, {}, Article("0", "t", "f.jsonl", line=1)),
        ({"text": "t", "id": None, "title": None}, {}, Article("f:1", "t", "f.jsonl", line=1)),
        ({"text": "t", "id": ""}, {}, Article("f:1", "t", "f.jsonl", line=1)),
        (
            {"text": "t", "title": "T", "url": "u", "published": "2020", "author": ["A", {"b": 1.5}], "n": None},
            {},
            Article("f:1", "t", "f.jsonl", "T", "u", "2020", 1, {"author": ["A", {"b": 1.5}], "n": None}),
        ),
        (
            {"body": "t", "uuid": 3, "text": "other", "id": "i"},
            {"text": "body", "id": "uuid"},
            Article("3", "t", "f.jsonl", line=1, meta={"text": "other", "id": "i"}),
        ),
        ({"h": "t"}, {"text": "h", "title": "h"}, Article("f:1", "t", "f.jsonl", "t", line=1)),
        ({"text": "a\0b\r\n\u2028\x85"}, {}, Article("f:1", "a\0b\r\n\u2028\x85", "f.jsonl", line=1)),
        ({"text": "\ufeffmark"}, {}, Article("f:1", "\ufeffmark", "f.jsonl", line=1)),
    ],
)
def test_json_line(files: Files, record: dict[str, Any], fields: dict[str, str], expected: Article) -> None:
    files({"f.jsonl": line_of(**record)})
    assert article("f.jsonl", fields=fields) == expected


@pytest.mark.parametrize(
    ("line", "text", "meta"),
    [
        (rb'{"text": "\ud83d\ude00"}', "😀", {}),
        (rb'{"text": "\u0000"}', "\0", {}),
        (b'{"text": "one", "text": "two"}', "two", {}),
        (b'{"text": "t", "a": NaN, "b": [-Infinity, 1e999], "c": 1e3}', "t", {"a": None, "b": [None, None], "c": 1e3}),
        (b'{"text": "t", "title": NaN}', "t", {}),
        (b'{"text": "t", "a": ' + b"[" * 90 + b"]" * 90 + b"}", "t", None),
        (b'  {"text": "t"}  \r', "t", {}),
    ],
)
def test_json_oddities_that_are_read(files: Files, line: bytes, text: str, meta: dict[str, Any] | None) -> None:
    files({"f.jsonl": line})
    item = article("f.jsonl")
    assert item.text == text
    assert meta is None or item.meta == meta


@pytest.mark.parametrize(
    ("line", "reason", "ident", "said"),
    [
        (b"not json", "bad-json", None, "(character 0)"),
        (b'{"text": "t"}TRAILER', "bad-json", None, "Extra data"),
        (b'{"text": "to', "bad-json", None, "Unterminated"),
        (b'{"text": "tab\there"}', "bad-json", None, "control character"),
        (b'{"text": "t", "n": ' + b"1" * 5000 + b"}", "bad-json", None, "integer"),
        (b'["text"]', "not-an-object", None, "['text']"),
        (b'"text"', "not-an-object", None, "'text'"),
        (b"null", "not-an-object", None, "None"),
        (b"{}", "no-text", "f:2", "[]"),
        (b'{"id": "x", "body": "b"}', "no-text", "x", "--field text=KEY"),
        (b'{"id": "x", "text": null}', "no-text", "x", "'text'"),
        (b'{"text": ["a"]}', "text-not-a-string", "f:2", "['a']"),
        (b'{"text": 5}', "text-not-a-string", "f:2", "5"),
        (b'{"text": "t", "id": 1.5}', "wrong-type", None, "1.5"),
        (b'{"text": "t", "id": true}', "wrong-type", None, "True"),
        (b'{"text": "t", "id": ["x"]}', "wrong-type", None, "['x']"),
        (b'{"text": "t", "title": 5}', "wrong-type", "f:2", "--field title=KEY"),
        (b'{"text": "t", "published": {}}', "wrong-type", "f:2", "'published'"),
        (b'{"text": ""}', "empty", "f:2", "no text"),
        (rb'{"text": " \n\u00a0"}', "empty", "f:2", "white space"),
        (b'{"text": "caf\xe9"}', "not-utf8", None, "byte 14"),
        (b'{"text": "\xed\xa0\x80"}', "not-utf8", None, "byte 11"),
        (rb'{"text": "ab\ud800c"}', "lone-surrogate", "f:2", r"\ud800 at character 2 under 'text'"),
        (rb'{"text": "t", "title": "\udfff"}', "lone-surrogate", "f:2", "'title'"),
        (rb'{"text": "t", "id": "\ud800"}', "lone-surrogate", None, "'id'"),
        (rb'{"text": "t", "m": {"k": ["\ud800"]}}', "lone-surrogate", "f:2", "'m'"),
        (rb'{"text": "t", "\ud800": 1}', "lone-surrogate", "f:2", r"'\ud800'"),
        (b'{"text": "t", "a": ' + b"[" * 101 + b"]" * 101 + b"}", "too-deep", "f:2", "100"),
        (b'{"text": "t", "a": ' + b'{"b":' * 100_000 + b"1" + b"}" * 100_001, "too-deep", None, "nested"),
        (b'{"text": "' + b"((" * 5000 + b'"}', "pathological", "f:2", "from 0 on"),
        (b'{"text": "' + b"word " * 20_001 + b'"}', "too-long", "f:2", "100,005"),
        (b'{"text": "t", "id": "first"}', "duplicate-id", "first", "'first'"),
        (b'{"text": "t", "a": "' + b"x" * 1_100_000 + b'"}', "line-too-long", None, "1,100,023"),
    ],
)
def test_json_line_refused(
    files: Files, monkeypatch: pytest.MonkeyPatch, line: bytes, reason: str, ident: str | None, said: str
) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 1_000_000)
    files({"f.jsonl": b'{"text": "t", "id": "first"}\n' + line + b'\n\n{"text": "t"}'})
    first, refused, last = read("f.jsonl", max_chars=100_000)
    assert isinstance(first, Article)
    assert isinstance(refused, Reject)
    assert (refused.source, refused.line, refused.id, refused.reason) == ("f.jsonl", 2, ident, reason)
    assert said in refused.detail
    refused.detail.encode("utf-8")
    assert isinstance(last, Article)
    assert (last.id, last.line) == ("f:4", 4)


def test_blank_lines_and_marks(files: Files) -> None:
    files(
        {"f.jsonl": b'\xef\xbb\xbf\n \t\r\n{"text": "a"}\r\n\n\xef\xbb\xbf{"text": "b"}', "g.jsonl": b"\xef\xbb\xbf{}"}
    )
    found = [(item.line, item.id, getattr(item, "reason", None)) for item in read("f.jsonl", "g.jsonl")]
    assert found == [(3, "f:3", None), (5, None, "bad-json"), (1, "g:1", "no-text")]


def test_empty_jsonl_has_no_articles(files: Files) -> None:
    files({"f.jsonl": b""})
    assert read("f.jsonl") == []


def test_endless_line_is_not_held_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(io.BytesIO):
        largest = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            line = super().readline(size)
            self.largest = max(self.largest, len(line))
            return line

    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 1000)
    stream = Endless(b"x" * 1_000_000 + b'\n{"text": "t"}')
    (first, long), second = lines.numbered_lines(stream)
    assert (first, isinstance(long, lines.TooLong), second) == (1, True, (2, b'{"text": "t"}'))
    assert stream.largest <= lines.SKIPPED_AT_ONCE


def test_unknown_field_is_wrong_use() -> None:
    with pytest.raises(OnRecordError, match="'body' is not one of id, text, title, url, published"):
        read_sources([], fields={"body": "text"})


# Duplicate ids


def test_duplicate_ids_across_sources(files: Files) -> None:
    files({"a.txt": "1", "b/a.txt": "2", "c.jsonl": line_of(id="a", text="3") + line_of(id="x", text="4")})
    expected = [("a.txt", "1"), ("b/a.txt", "!duplicate-id"), ("c.jsonl", "!duplicate-id"), ("c.jsonl", "4")]
    assert brief(read("a.txt", "b", "c.jsonl")) == expected


def test_refused_article_leaves_its_id(files: Files) -> None:
    files({"f.jsonl": line_of(id="a", text="") + line_of(id="a", text="t")})
    assert brief(read("f.jsonl")) == [("f.jsonl", "!empty"), ("f.jsonl", "t")]


# gzip

THREE = "".join(line_of(text=f"article {number} " + "words, " * 2000) for number in range(3)).encode()


@pytest.mark.parametrize(
    ("data", "articles", "line", "reason"),
    [
        (gzip.compress(THREE), 3, None, None),
        (gzip.compress(THREE) + gzip.compress(THREE), 6, None, None),
        (gzip.compress(THREE)[:-9], 3, 3, "corrupt-gzip"),
        (gzip.compress(THREE) + b"garbage", 3, 3, "corrupt-gzip"),
        (gzip.compress(THREE)[:-8] + bytes(8), 3, 3, "corrupt-gzip"),
        (gzip.compress(THREE)[:20], 0, None, "corrupt-gzip"),
        (THREE, 0, None, "corrupt-gzip"),
        (b"", 0, None, None),
    ],
)
def test_gzip(files: Files, data: bytes, articles: int, line: int | None, reason: str | None) -> None:
    files({"f.jsonl.gz": data, "z.txt": "z"})
    *found, last = read("f.jsonl.gz", "z.txt")
    rejects = [(item.line, item.reason) for item in found if isinstance(item, Reject)]
    assert rejects == ([(line, reason)] if reason else [])
    assert [item.id for item in found if isinstance(item, Article)] == [f"f:{n + 1}" for n in range(articles)]
    assert isinstance(last, Article)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"EXPANSION_FREE_BYTES": 100_000}, "gzip-bomb"),
        ({"EXPANSION_FREE_BYTES": 100_000, "MAX_LINE_BYTES": 1000}, "gzip-bomb"),
        ({"MAX_EXPANDED_BYTES": 100_000}, "gzip-bomb"),
        ({}, "bad-json"),
    ],
)
def test_gzip_bomb(files: Files, monkeypatch: pytest.MonkeyPatch, limits: dict[str, int], reason: str) -> None:
    for name, value in limits.items():
        monkeypatch.setattr(lines, name, value)
    files({"f.jsonl.gz": gzip.compress(line_of(text="t").encode() + bytes(5_000_000)), "z.txt": "z"})
    first, refused, last = read("f.jsonl.gz", "z.txt")
    assert isinstance(first, Article)
    assert isinstance(refused, Reject)
    assert refused.reason == reason
    assert isinstance(last, Article)


# stdin


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"Just text.\n", [("stdin", "Just text.\n")]),
        (b"\n  Text \r\n", [("stdin", "\n  Text \r\n")]),
        (b"\xef\xbb\xbftext {", [("stdin", "text {")]),
        (b"\xff\xfe{\0", [("stdin", "{")]),
        (b'{"text": "a"}\n{"text": "b", "id": "x"}', [("stdin:1", "a"), ("x", "b")]),
        (b"\n\n \xef\xbb\xbf\n", [("stdin", "\n\n \ufeff\n")]),
        (b'\xef\xbb\xbf\n\n  {"text": "a"}\n', [("stdin:3", "a")]),
        (b" " * 100_000 + b'{"text": "a"}\n{"text": "b"}', [("stdin:1", "a"), ("stdin:2", "b")]),
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\0\1", "not-text"),
        (b"word " * 300_000, "too-long"),
        (b"\n" * 5_000_000, "too-long"),
        (b"{no", "bad-json"),
    ],
)
def test_stdin(data: bytes, expected: str | list[tuple[str, str]]) -> None:
    items = read("-", stdin=io.BytesIO(data))
    assert {item.source for item in items} == {"-"}
    if isinstance(expected, str):
        assert [getattr(item, "reason", None) for item in items] == [expected]
    else:
        assert [(item.id, getattr(item, "text", None)) for item in items] == expected


def test_stdin_beside_files_and_by_default(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    files({"a.txt": "a", "b.txt": "b"})
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"piped")))
    assert brief(read("a.txt", "-", "b.txt")) == [("a.txt", "a"), ("-", "piped"), ("b.txt", "b")]


def test_closed_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert reject("-").reason == "unreadable"


def test_jsonl_from_a_pipe_comes_line_by_line() -> None:
    end, start = os.pipe()
    with open(end, "rb") as stdin, open(start, "wb", buffering=0) as pipe:
        pipe.write(b'{"text": "a"}\n')
        articles = read_sources(["-"], stdin=stdin)
        assert next(articles) == Article("stdin:1", "a", "-", line=1)
        pipe.write(b'{"text": "b"}\n')
        assert next(articles) == Article("stdin:2", "b", "-", line=2)


# Further formats


def test_a_reader_is_one_more_entry(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def upper(source: Source, options: Options) -> Iterator[Article | Reject]:
        yield Article(source.stem, Path(source.path).read_text().upper(), source.name)

    monkeypatch.setitem(formats.READERS, ".up", upper)
    files({"d/a.up": "loud", "d/b.txt": "b"})
    assert brief(read("d")) == [("d/a.up", "LOUD"), ("d/b.txt", "b")]


def test_missing_extra(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def needy(source: Source, options: Options) -> Iterator[Article | Reject]:
        import no_such_package_anywhere  # type: ignore[import-not-found]

        yield no_such_package_anywhere.read(source)

    monkeypatch.setitem(formats.READERS, ".need", needy)
    files({"a.need": "x"})
    item = reject("a.need")
    assert (item.reason, "no_such_package_anywhere" in item.detail) == ("missing-extra", True)


# What would hold up the tokenizer

LIMIT = 700
HARMFUL = {
    "quotes": '"' * 800,
    "curly": "“" * 800,
    "brackets": "([" * 400,
    "apostrophes": "'" * 800,
    "dashes": "—" * 800,
    "emoji": "👩" * 800,
    "box": "═" * 800,
    "underscores": "_" * 800,
    "possessives": "'s" * 800,
    "dollars": "US$" * 800,
    "after-a-letter": "a" + '"' * 800,
    "before-a-letter": '"' * 800 + "a",
    "both-ends": '"' * 400 + "word" + '"' * 400,
    "long-word": '"' * 100 + "a" * 8000,
    "many-runs": " ".join(f"{number}{'(' * 100}" for number in range(60)),
    "colons": "a:" * 3000,
    "at-colon": "a@:" * 1000,
    "urls": "http://" * 1000,
    "huge": '"' * 900_000,
}
HARMLESS = {
    "prose": "“We lost,” Ruiz said. " * 5000,
    "run-at-the-limit": '"' * LIMIT,
    "rule": ("word " * 500 + "\n" + "=" * 100 + "\n") * 200,
    "hyphens": "-" * 100_000,
    "stops": "." * 100_000,
    "letters": "a" * 100_000,
    "digits": "1" * 100_000,
    "base64": "QUJD/+" * 16_000,
    "initials": "a." * 20_000,
    "hyphenated": "ab-" * 20_000,
    "numbers": "1," * 20_000,
    "chinese": "他说，我们输了。" * 5000,
    "thai": "เขากล่าวว่าเราแพ้" * 3000,
    "spaces": " " * 100_000,
    "url": "https://example.org/" + "a/b-c_d?e=f&" * 2000,
    "urls": " ".join(f"“https://example.org/2020/01/{n:030}?q=1#x”." for n in range(2000)),
    "mails": ";".join(f"user{n}@mail{n}.example.org" for n in range(1000)),
    "spaced-marks": '" ' * 50_000,
}


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return spacy.blank("en").tokenizer


@pytest.mark.parametrize("text", HARMFUL.values(), ids=HARMFUL)
def test_harmful_runs_are_found(text: str) -> None:
    start = time.process_time()
    span = find_pathological("He said: " + text + " and left.")
    assert time.process_time() - start < 2
    assert span is not None
    assert 9 <= span[0] < span[1] <= 9 + len(text)
    assert " " not in text[span[0] - 9 : span[1] - 9]


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS)
def test_harmless_runs_are_left_alone_and_are_fast(tokenizer: Any, text: str) -> None:
    assert find_pathological(text) is None
    start = time.process_time()
    tokenizer(text)
    assert time.process_time() - start < 5  # some 0.3 s on a free core; a run that hurts takes minutes


def test_all_that_the_tokenizer_takes_off_counts_as_a_mark(tokenizer: Any) -> None:
    taken = {
        mark
        for mark in map(chr, (*range(0xD800), *range(0xE000, 0x20000)))
        if not mark.isspace() and (tokenizer.find_prefix(mark * 2 + "a") or tokenizer.find_suffix("a" + mark * 2))
    }
    assert len(taken) > 100
    assert {mark for mark in taken if pathological.end_marks(mark * 9) not in (9, mark == "." and 1)} == set()


def test_span_is_the_run(files: Files) -> None:
    files({"a.txt": "He said: " + '"' * 1000 + " and left."})
    item = reject("a.txt")
    assert "1,000 characters without a space, from 9 on" in item.detail


# Properties

ODD = [chr(code) for code in (*range(9), *range(14, 32), 127)]
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters=ODD))
PROPERTY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@PROPERTY
@given(text=TEXTS)
def test_any_text_comes_back_exactly(tmp_path: Path, text: str) -> None:
    assume(text.strip() and not text.startswith("\ufeff") and not find_pathological(text))
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode("utf-8"))
    assert article(str(path)) == Article(id="a", text=text, source=str(path))


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
META = st.dictionaries(ANY_TEXT, st.recursive(st.none() | st.integers() | ANY_TEXT, st.lists, max_leaves=5), max_size=3)


@PROPERTY
@given(
    texts=st.lists(ANY_TEXT.filter(str.strip), max_size=4), title=st.none() | ANY_TEXT, meta=META, plain=st.booleans()
)
def test_jsonl_round_trips(
    tmp_path: Path, texts: list[str], title: str | None, meta: dict[str, Any], plain: bool
) -> None:
    meta = {key: value for key, value in meta.items() if key not in ("id", "text", "title", "url", "published")}
    path = tmp_path / "a.jsonl"
    rows = [json.dumps({"text": text, "title": title, **meta}, ensure_ascii=plain) for text in texts]
    path.write_bytes("\n".join(rows).encode("utf-8"))
    expected = [Article(f"a:{n}", text, str(path), title, None, None, n, meta) for n, text in enumerate(texts, 1)]
    assert read(str(path)) == expected


@PROPERTY
@given(data=st.binary(max_size=200), name=st.sampled_from(["a.txt", "a.jsonl", "a.jsonl.gz"]))
def test_any_bytes_give_articles_or_rejects(tmp_path: Path, data: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    for items in (read(str(path)), read("-", stdin=io.BytesIO(data))):
        for item in items:
            assert isinstance(item, (Article, Reject))
            json.dumps([getattr(item, key) for key in item.__slots__], ensure_ascii=False, allow_nan=False).encode(
                "utf-8"
            )


NAMES = st.from_regex(r"[a-zA-Z0-9 -]{1,3}", fullmatch=True).filter(lambda name: name.strip() == name)


@settings(max_examples=25, deadline=None)
@given(names=st.lists(st.lists(NAMES, min_size=1, max_size=3), min_size=1, max_size=8), flip=st.booleans())
def test_order_does_not_depend_on_how_files_came_to_be(
    tmp_path_factory: pytest.TempPathFactory, names: list[list[str]], flip: bool
) -> None:
    root = tmp_path_factory.mktemp("order")
    for parts in reversed(names) if flip else names:
        path = root.joinpath(*parts[:-1], parts[-1] + ".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text")
    found = [tuple(Path(item.source).relative_to(root).parts) for item in read(str(root))]
    assert found == sorted({(*parts[:-1], parts[-1] + ".txt") for parts in names})
