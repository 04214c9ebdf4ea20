"""Find what would hold up spaCy's tokenizer: a few strange kilobytes can take minutes.

In: a text. Out: where the trouble is. The tokenizer goes through a chunk (a run of characters without a space) anew
for each mark that it takes off its ends, and its pattern for URLs goes through it anew for each colon; so the time is
the length of the chunk times the number of marks. Everything else in it takes linear time, however long the chunk.

Measured on spaCy 3.8.18, `spacy.blank("en")`, 2 cores of a cloud machine; plain words take 0.45 s per 100,000
characters. One run of quotation marks: 0.14 s at 1,000, 2.3 s at 4,000, 36 s at 16,000. As slow, or up to twice as
slow, are brackets, `* _ # & < > = % + : ; $ €`, dashes, symbols, emoji, and `'s` or `US$` repeated; marks at one end of
many letters are three times as slow. `a:` repeated: 0.12 s at 4,000 characters, 1.7 s at 16,000, 21 s at 64,000.
Linear, at most 0.25 s per 100,000: letters, digits, full stops, hyphens, `/ @ | ~ ^`, combining marks, base64, `ab-`,
`a.`, `1,`, whitespace, text without spaces (Chinese, Thai), a long URL. Of 750 chunks made at random of all these,
none took more than 500 nanoseconds a unit of strain beyond the linear part.
"""

from __future__ import annotations

import re

# The sum, over the chunks of a text, of their strain: characters times marks. It may be this much for any text, that is
# one run of 700 marks, and as much again for each 100,000 characters: a rule of 80 marks, 6,400, may stand at every
# 1,300 characters. Each chunk counts each time: the tokenizer caches none after the first "don't" or "—" of a text.
# At the limit that is 0.07 to 0.25 s, and as much again for each 100,000 characters.
MAX_STRAIN = 500_000
STRAIN_A_CHARACTER = 5
# Shorter chunks are not looked at: a text of nothing but these takes 2 s per 100,000 characters at worst (measured).
SHORT_CHUNK = 40
# A colon costs a tenth of a mark: 14 to 20 against 140 nanoseconds and more for each character of the chunk.
COLONS_TO_A_MARK = 10
# More marks than this at one end are over the limit anyhow; it bounds the memory that the pattern takes.
MANY_MARKS = 5_000

CHUNK = re.compile(rf"\S{{{SHORT_CHUNK},}}")
# Marks that the tokenizer takes off: any but the linear ones above (a run of full stops comes off in one), and `'s`
# and `US$`, which it takes for marks.
MARK = r"[^\w\s.~|/@^\\-]|_|\.+"
LEADING = re.compile(rf"(?:{MARK}|US\$|[AC]\$){{0,{MANY_MARKS}}}")
TRAILING_REVERSED = re.compile(rf"(?:{MARK}|[sS]['’]){{0,{MANY_MARKS}}}")
FULL_STOPS = re.compile(r"\.+")
HOST_END = re.compile(r"[@:]")


def find_pathological(text: str) -> tuple[int, int] | None:
    """Return start and end of the chunk at which `text` gets too slow to tokenize, or None if it never does."""
    total, limit = 0, MAX_STRAIN + STRAIN_A_CHARACTER * len(text)
    for match in CHUNK.finditer(text):
        total += strain(match.group())
        if total > limit:
            return match.span()
    return None


def strain(chunk: str) -> int:
    """Return how hard `chunk` is to tokenize; 1 is 140 to 500 nanoseconds."""
    return len(chunk) * end_marks(chunk) + url_strain(chunk)


def end_marks(chunk: str) -> int:
    """Count the marks that the tokenizer takes off both ends of `chunk`, one by one."""
    leading = head(LEADING, chunk)
    trailing = head(TRAILING_REVERSED, chunk[len(leading) :][::-1])
    return sum(len(FULL_STOPS.sub(".", run)) for run in (leading, trailing))


def head(pattern: re.Pattern[str], chunk: str) -> str:
    match = pattern.match(chunk)
    return match.group() if match else ""


def url_strain(chunk: str) -> int:
    """Return what the URL pattern takes: each colon may begin a password, each at sign after it end one.

    It then tries what follows the at sign as a host, which holds neither of the two.
    """
    colons, ats = chunk.count(":"), chunk.count("@")
    strain = colons * len(chunk)
    if ats:
        longest_host = max(map(len, HOST_END.split(chunk)))
        strain += (colons + 1) * ats * (longest_host + COLONS_TO_A_MARK)
    return strain // COLONS_TO_A_MARK
