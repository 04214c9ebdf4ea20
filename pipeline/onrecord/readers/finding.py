"""From one SOURCE argument (a file, a folder, a glob) to the files that it means, in a fixed order.

In: a path as the user gave it. Out: `Source`s, sorted by the parts of their paths, and rejects for what is not there.
Folders are gone through lazily; hidden files, and endings that no reader knows, are passed over, as are links back
up the path. A link that leads out of the given folder is not followed, but a reject says so.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from onrecord.readers.articles import Reject, Source, printable
from onrecord.readers.formats import READERS, known_ending

MAGIC = re.compile(r"[*?[]")


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder on the way down: `parts` lead to it from the top; `real` are all real paths from there to it."""

    path: str
    parts: tuple[str, ...]
    real: tuple[str, ...]

    def below(self, name: str) -> Place:
        path = os.path.join(self.path, name)
        real = os.path.realpath(path) if os.path.islink(path) else os.path.join(self.real[-1], name)
        return Place(path, (*self.parts, name), (*self.real, real))

    def leads_out(self) -> bool:
        top, real = self.real[0], self.real[-1]
        return os.path.commonpath((top, real)) != top

    def leads_back(self) -> bool:
        return self.real[-1] in self.real[:-1]


def find(argument: str) -> Iterator[Source | Reject]:
    """Find the files that `argument` means; a file with its literal name goes before a glob."""
    if os.path.isdir(argument):
        yield from found_or_missing(argument, walk(argument), "no file of a known format in this folder")
    elif os.path.exists(argument):
        yield named_file(argument)
    elif MAGIC.search(argument):
        yield from found_or_missing(argument, expand(argument), "no file of a known format matches")
    else:
        yield missing(argument, "no such file or folder")


def named_file(path: str) -> Source | Reject:
    ending = known_ending(path)
    if ending is None:
        detail = f"the name does not end in any of {', '.join(sorted(READERS))}; rename it or convert it"
        return Reject(printable(path), None, None, "unknown-format", detail)
    return Source(path, printable(path), ending)


def missing(argument: str, what: str) -> Reject:
    detail = f"{what}; check the spelling, files may end in {', '.join(sorted(READERS))}"
    return Reject(printable(argument), None, None, "missing-file", detail)


def found_or_missing(argument: str, found: Iterator[Source | Reject], what: str) -> Iterator[Source | Reject]:
    nothing = True
    for item in found:
        nothing = False
        yield item
    if nothing:
        yield missing(argument, what)


def expand(argument: str) -> Iterator[Source | Reject]:
    """Expand a glob: `*`, `?` and `[…]` within one part of the path, `**` any number of folders."""
    parts = argument.split("/")
    first = next(number for number, part in enumerate(parts) if MAGIC.search(part))
    base = "/".join(parts[:first]) or ("/" if first else "")
    pattern = tuple(part for part in parts[first:] if part)
    if os.path.isdir(base or "."):
        yield from walk(base, pattern)


def walk(base: str, pattern: tuple[str, ...] = ("**",)) -> Iterator[Source | Reject]:
    """Find the files below `base` whose path below it matches `pattern`, sorted by parts."""
    stack = [Place(base, (), (os.path.realpath(base or "."),))]
    linked: set[str] = set()
    while stack:
        place = stack.pop()
        if not os.path.isdir(place.path or "."):
            yield from take(place, pattern)
        elif not leads_to(place.parts, pattern):
            continue
        elif place.leads_out():
            yield outside(place)
        elif not place.leads_back() and not again(place, linked):
            try:
                stack.extend(reversed(inside(place)))
            except OSError as error:
                detail = f"{error.strerror}; check who may read it"
                yield Reject(printable(place.path), None, None, "unreadable", detail)


def again(folder: Place, linked: set[str]) -> bool:
    """True if `folder` is a link to where another link has led; folders full of links to each other would not end."""
    seen = folder.real[-1] in linked
    if os.path.islink(folder.path):
        linked.add(folder.real[-1])
        return seen
    return False


def inside(folder: Place) -> list[Place]:
    return [folder.below(name) for name in sorted(os.listdir(folder.path or ".")) if not name.startswith(".")]


def take(file: Place, pattern: tuple[str, ...]) -> Iterator[Source | Reject]:
    """Yield `file` if it is wanted; a link to nothing or out as a reject, and what is no file (a pipe) not at all."""
    ending = known_ending(file.parts[-1]) if file.parts else None
    if ending is None or not matches(file.parts, pattern):
        return
    if os.path.islink(file.path) and not os.path.exists(file.path):
        detail = f"a link to {printable(os.readlink(file.path))}, which is not there; fetch it or remove the link"
        yield Reject(printable(file.path), None, None, "missing-file", detail)
    elif file.leads_out():
        yield outside(file)
    elif os.path.isfile(file.path):
        yield Source(file.path, printable(file.path), ending)


def outside(place: Place) -> Reject:
    detail = f"a link out of the folder, to {printable(place.real[-1])}; to read that, name it as a source of its own"
    return Reject(printable(place.path), None, None, "outside-folder", detail)


def leads_to(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """True if something below the folder `parts` can match `pattern`."""
    return any(position < len(pattern) for position in reached(parts, pattern))


def matches(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """True if the file `parts` matches `pattern` as a whole."""
    return len(pattern) in reached(parts, pattern)


def reached(parts: tuple[str, ...], pattern: tuple[str, ...]) -> set[int]:
    """Return the positions in `pattern` that can follow `parts`; `**` takes any number of them, none included."""
    positions = with_skipped({0}, pattern)
    for part in parts:
        stayed = {position for position in positions if pattern[position : position + 1] == ("**",)}
        passed = {p + 1 for p in positions - stayed if p < len(pattern) and fnmatchcase(part, pattern[p])}
        positions = with_skipped(stayed | passed, pattern)
    return positions


def with_skipped(positions: set[int], pattern: tuple[str, ...]) -> set[int]:
    """Add the positions behind each `**`."""
    for position in range(len(pattern)):
        if position in positions and pattern[position] == "**":
            positions = positions | {position + 1}
    return positions
