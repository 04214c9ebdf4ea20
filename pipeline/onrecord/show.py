"""Results in the terminal: a summary, then a table or cards. Text from articles is only ever shown as text.

What could steer a terminal or reorder its letters (control, escape and bidi characters) is shown as an escape such as
`\\x1b` or `\\u202e`; nothing is read as markup. Everything fits 80 columns and goes through a pipe.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from onrecord.labels import STANCES, TYPES
from onrecord.records import Record

# Stance is told by sign and word; colour only adds to them.
SIGNS = {"support": "+", "oppose": "−", "neutral": "·"}
COLOURS = {"support": "green", "oppose": "red", "neutral": "bright_black"}
# Invisible characters that words need: joiners in emoji, Arabic and Indic scripts, and the soft hyphen.
HARMLESS = frozenset("\u200c\u200d\u00ad")
# How many speakers and targets the summary names.
TOP = 5

Sort = Literal["text", "confidence", "speaker", "target", "stance", "doc", "published"]
SORTS: tuple[str, ...] = get_args(Sort)


def safe(words: str) -> str:
    """Return `words` on one line, with characters that steer a terminal or reorder text as escapes."""
    return "".join(map(safe_character, words.replace("\r\n", "\n")))


def safe_character(char: str) -> str:
    if char in "\n\t":
        return " "
    hidden = unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} and char not in HARMLESS
    return char.encode("ascii", "backslashreplace").decode() if hidden and ord(char) > 127 else control(char)


def control(char: str) -> str:
    return f"\\x{ord(char):02x}" if ord(char) < 32 or ord(char) == 127 else char


@dataclass(frozen=True, slots=True)
class Filters:
    """Which records to show; names match by part and without case, None lets everything through."""

    speaker: str | None = None
    target: str | None = None
    stance: str | None = None
    type: str | None = None
    doc: str | None = None
    min_confidence: float = 0.0

    def accept(self, record: Record) -> bool:
        return (
            self.stance in (None, record.stance)
            and self.type in (None, record.type)
            and holds(self.speaker, speaker_of(record))
            and holds(self.target, target_of(record))
            and holds(self.doc, f"{record.doc.id} {record.doc.title or ''}")
            and (record.confidence.attribution is None or record.confidence.attribution >= self.min_confidence)
        )


def holds(part: str | None, words: str) -> bool:
    return part is None or part.casefold() in words.casefold()


def speaker_of(record: Record) -> str:
    """Return a speaker's name, or the words that stand for it; empty where there is none."""
    mention = record.speaker.mention
    return record.speaker.name or (mention.text if mention else "")


def target_of(record: Record) -> str:
    return (record.target.name or record.target.text) if record.target else ""


def sort_records(records: Iterable[Record], key: str) -> list[Record]:
    """Sort by one of SORTS; `text` keeps the order of the articles, confidence goes from the surest down."""
    keys: dict[str, Callable[[Record], Any]] = {
        "text": lambda record: 0,
        "confidence": lambda record: -(record.confidence.attribution or 0.0),
        "speaker": lambda record: speaker_of(record).casefold(),
        "target": lambda record: target_of(record).casefold(),
        "stance": lambda record: STANCES.index(record.stance),
        "doc": lambda record: record.doc.id,
        "published": lambda record: record.doc.published or "",
    }
    return sorted(records, key=keys[key])


class Quiet(Console):
    """A console that leaves a closed pipe to the command line, which ends quietly."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def show(records: Sequence[Record], *, limit: int, cards: bool, console: Console | None = None) -> None:
    """Print a summary of all records, then the first `limit` of them (0: all) as a table or as cards."""
    console = console or Quiet(markup=False, emoji=False, highlight=False)
    if not records:
        console.print(Text("no attributions match"))
        return
    console.print(summary(records))
    shown = records[:limit] if limit else records
    if cards:
        for record in shown:
            console.print(card(record))
    else:
        console.print(table(shown))
    if len(shown) < len(records):
        console.print(Text(f"{len(records) - len(shown):,} more: --limit 0 shows all", style="dim"))


def summary(records: Sequence[Record]) -> RenderableType:
    """Say how many there are, who speaks most, about whom, on which side."""
    names = {speaker_of(record) for record in records} - {""}
    documents = {record.doc.id for record in records}
    counts = (("attribution", len(records)), ("article", len(documents)), ("speaker", len(names)))
    head = Text(" · ".join(f"{number:,} {word}{'' if number == 1 else 's'}" for word, number in counts), style="bold")
    tops = (top_table("Most quoted", records, speaker_of), top_table("Most talked about", records, target_of))
    return Group(head, *share_lines(records), Text(), tops[0], Text(), tops[1], Text())


def share_lines(records: Sequence[Record]) -> Iterator[Text]:
    """Yield the shares of the types and of the stances, a line each."""
    types: Counter[str] = Counter(record.type for record in records)
    stances: Counter[str] = Counter(record.stance for record in records)
    yield Text(" · ".join(f"{kind} {share(types[kind], len(records))}" for kind in TYPES), style="dim")
    parts = [(f"{SIGNS[name]} {name} {share(stances[name], len(records))}  ", COLOURS[name]) for name in STANCES]
    yield Text.assemble(*parts)


def share(part: int, total: int) -> str:
    return f"{100 * part / total:.0f}%"


def top_table(title: str, records: Sequence[Record], name_of: Callable[[Record], str]) -> Table:
    """Return the names that come up most often, with their stances."""
    grid = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="bold", width=78)
    grid.add_column(title, no_wrap=True, overflow="ellipsis", ratio=1)
    grid.add_column("n", justify="right", header_style="dim")
    for name in STANCES:
        grid.add_column(f"{SIGNS[name]} {name}", justify="right", style=COLOURS[name], header_style=COLOURS[name])
    names = Counter(name_of(record) for record in records)
    del names[""]
    for name, number in names.most_common(TOP):
        stances: Counter[str] = Counter(record.stance for record in records if name_of(record) == name)
        cells = (Text(f"{stances[stance]:,}" if stances[stance] else "") for stance in STANCES)
        grid.add_row(Text(safe(name)), Text(f"{number:,}"), *cells)
    return grid


def table(records: Iterable[Record]) -> Table:
    """Return one row a record: who, by which words, what, about whom."""
    grid = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, expand=True, header_style="bold")
    grid.add_column("Speaker", ratio=4, overflow="fold")
    grid.add_column("Cue", ratio=3, overflow="fold", min_width=13)
    grid.add_column("Content", ratio=8, overflow="fold")
    grid.add_column("", width=1)
    grid.add_column("Target", ratio=4, overflow="fold")
    for record in records:
        grid.add_row(
            Text(safe(speaker_of(record)) or "—"),
            Text(safe(cue_of(record)), style="italic dim"),
            Text(shorten(safe(record.content.text), 160)),
            Text(SIGNS[record.stance], style=f"bold {COLOURS[record.stance]}"),
            Text(shorten(safe(target_of(record)), 40), style=COLOURS[record.stance]),
        )
    return grid


def cue_of(record: Record) -> str:
    if record.cue is None:
        return "—"
    return f"not: {record.cue.text}" if record.cue.negated else record.cue.text


def shorten(words: str, length: int) -> str:
    return words if len(words) <= length else words[: length - 1].rstrip() + "…"


def card(record: Record) -> RenderableType:
    """Return all of a record on a few lines."""
    speaker = Text.assemble((safe(speaker_of(record)) or "unknown", "bold"))
    if record.speaker.title:
        speaker.append(f", {safe(record.speaker.title)}", "dim")
    speaker.append(f"  {safe(cue_of(record))}", "italic")
    if record.addressee:
        speaker.append(f" → {safe(record.addressee.name or record.addressee.text)}", "italic")
    content = Text(safe(record.content.text))
    stance = Text(f"{SIGNS[record.stance]} {record.stance} ", COLOURS[record.stance])
    stance.append(safe(target_of(record)) or "—", "bold")
    notes = Text(" · ".join(footnotes(record)), style="dim")
    return Group(speaker, *(Padding(part, (0, 0, 0, 2), expand=False) for part in (content, stance, notes)), Text())


def footnotes(record: Record) -> Iterator[str]:
    yield record.type
    if record.speaker.mention and record.speaker.mention.text != record.speaker.name:
        yield f"“{safe(record.speaker.mention.text)}” by {record.speaker.resolved}"
    if record.confidence.attribution is not None:
        yield f"{record.confidence.attribution:.0%} sure"
    yield safe(record.doc.title or record.doc.id)
    yield f"{record.content.spans[0].start}–{record.content.spans[-1].end}"
