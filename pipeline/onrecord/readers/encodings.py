"""From the bytes of a text file to its text: a byte-order mark decides, else it is UTF-8, else the encoding is guessed.

In: bytes. Out: the text, with its line breaks as they are and without the mark, and a note where it took a guess.
Refuses what is no text at all; does not look at what a text says of its own encoding (HTML does, elsewhere).
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from onrecord.readers.articles import Refusal

if TYPE_CHECKING:
    from charset_normalizer import CharsetMatch

# UTF-32 first: its little-endian mark begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
CONTROL = re.compile(r"[\x01-\x08\x0e-\x1f\x7f]")
# Articles hold a stray control character at most; compressed or encrypted bytes taken for text are a tenth control.
MAX_CONTROL_SHARE = 0.05
# charset-normalizer ranks encodings by mess (0 to 1), and English news gives it little to go by: it reads Muñoz in
# Windows-1252 as Muńoz in cp1250, and €6 as Ç6 in cp437. So cp1252, by far the most common one, wins unless it looks
# messier than the best by more than this, or less like a language. Chosen on ten sentences with accented names,
# currency signs and curly quotes; the price is that a line or two in Mac Roman or cp1250 are taken for cp1252.
CP1252_LEEWAY = 0.1


def decode(data: bytes) -> tuple[str, str | None]:
    """Return the text and, where its encoding was guessed, a note; raise `Refusal` if it is no text."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return decode_as(data[len(mark) :], encoding), None
    if b"\0" in data:
        raise Refusal("not-text", f"a NUL byte at {data.index(0):,}: not a text file; give the article's text instead")
    try:
        return refuse_controls(data.decode("utf-8")), None
    except UnicodeDecodeError:
        return detect(data)


def decode_as(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        detail = f"begins with the mark of {encoding}, but byte {error.start:,} after it is none; save it as UTF-8"
        raise Refusal("not-text", detail) from error
    if "\0" in text:
        raise Refusal("not-text", f"a NUL character at {text.index(chr(0)):,}: not a text file")
    return refuse_controls(text)


def refuse_controls(text: str) -> str:
    """Return `text` if it is not mostly control characters."""
    controls = len(CONTROL.findall(text))
    if controls > MAX_CONTROL_SHARE * len(text):
        detail = f"{controls:,} of {len(text):,} characters are control characters: not a text file"
        raise Refusal("not-text", detail)
    return text


def detect(data: bytes) -> tuple[str, str]:
    """Decode what is not UTF-8 by the most likely encoding, and name it."""
    from charset_normalizer import from_bytes

    matches = list(from_bytes(data))
    if not matches:
        raise Refusal("not-text", "neither UTF-8 nor text in any other encoding; save it as UTF-8")
    encoding = "cp1252" if any(suits_cp1252(match, matches[0]) for match in matches) else matches[0].encoding
    return refuse_controls(data.decode(encoding)), f"encoding detected: {encoding}"


def suits_cp1252(match: CharsetMatch, best: CharsetMatch) -> bool:
    """True if `match` reads the same in cp1252 and is hardly worse than the `best` one."""
    same_text = "cp1252" in match.could_be_from_charset
    return same_text and match.chaos <= best.chaos + CP1252_LEEWAY and match.coherence >= best.coherence
