"""Find attributions inside the contents of others."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from onrecord.pieces import Pieces, Window
from onrecord.stages.attributions.agreement import snap, without_rivals
from onrecord.stages.attributions.attribution import Attribution, Blocks, Span, same_content
from onrecord.stages.attributions.network import LENGTH
from onrecord.stages.attributions.reading import read_scores
from onrecord.stages.quotations import Quotation

if TYPE_CHECKING:
    from onrecord.stages.attributions.network import Network

# Least score of an attribution inside another: there, being wrong costs more than missing one.
INNER_THRESHOLD = 0.6
# Least word pieces of a content that is looked into.
INNER_PIECES = 8


def find_inner(
    found: Sequence[Attribution], network: Network, pieces: Pieces, quotations: Sequence[Quotation]
) -> list[Attribution]:
    """Return the attributions inside the contents of others: each content is read once more, by itself.

    The network was trained on outer attributions alone; read by itself, without its quotation marks, a content is
    narration, and what the network is sure of in it is an inner attribution.
    """
    contents = [span for attribution in found for span in attribution.content]
    bare = replace(pieces, features=np.where(pieces.features > 0, unquoted(pieces.features), 0))
    parts = [part for span in sorted(set(contents)) if (part := window_of(span, pieces))]
    inner = without_rivals(read_scores(network.score(bare, parts), network, pieces), INNER_THRESHOLD)
    inner = [replace(item, content=snap(item.content, quotations)) for item in inner]
    known = sorted(attribution.cue for attribution in found if attribution.cue)
    blocks = Blocks(found)
    return [item for item in inner if item.cue and not is_known(item.cue, known) and is_smaller(item, blocks)]


def unquoted(features: NDArray[np.int64]) -> NDArray[np.int64]:
    """Clear the feature *inside quotation marks*."""
    return 1 + ((features - 1) & ~2)


def window_of(span: Span, pieces: Pieces) -> Window | None:
    """Return the window of a content; None if it is too short to hold an attribution or too long for one window."""
    start = int(np.searchsorted(pieces.start, span[0]))
    end = int(np.searchsorted(pieces.end, span[1], "right"))
    return Window(start, end, start, end) if INNER_PIECES <= end - start <= LENGTH - 10 else None


def is_known(cue: Span, known: Sequence[Span]) -> bool:
    """True if a cue overlaps one of the sorted cues that are `known`."""
    index = bisect.bisect_left(known, (cue[1], 0))
    return index > 0 and known[index - 1][1] > cue[0]


def is_smaller(item: Attribution, outer: Blocks) -> bool:
    """True unless an inner content is the whole of an outer one."""
    return not any(same_content(item.content, other.content) for other in outer.near(item.content))
