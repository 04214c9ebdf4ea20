"""Find attributions: who is the source, which words are the cue, what is the content.

In: a text and its quotations. Out: `Attribution`s by position. The spans come from a trained network (`network`): it
finds cues (`reading`), and for each cue its source and content. Quotations then correct the edges (`agreement`), and
attributions inside the contents of others are added (`inner`). Who a source *is* is left to the speakers stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from spacy.language import Language
from spacy.tokens import Doc

from onrecord.annotations import read, text_of, write
from onrecord.model_folder import folder_with
from onrecord.stages.attributions.agreement import (
    attached,
    carry_over,
    enclose,
    set_aside,
    share_out,
    signed,
    snap,
    unclaimed,
    with_name,
    with_turns,
    without_rivals,
)
from onrecord.stages.attributions.attribution import Attribution, Span, position
from onrecord.stages.attributions.cues import describe, is_naming
from onrecord.stages.attributions.inner import keep_inner
from onrecord.stages.attributions.reading import read_scores
from onrecord.stages.quotations import Quotation

if TYPE_CHECKING:
    from onrecord.stages.attributions.network import Network

__all__ = ["Attribution", "Attributions", "Span", "find_attributions", "make_attributions"]


def find_attributions(text: str, quotations: Sequence[Quotation], network: Network) -> list[Attribution]:
    """Return the attributions of a text in text order; linear in its length."""
    pieces = network.encoder.pieces(text, quotations)
    scored = read_scores(network.encoder.score(pieces), network, pieces)
    found = without_rivals(item for item in scored["cue"] if not is_naming(item, text))
    found = [with_name(replace(item, content=snap(item.content, quotations)), text) for item in found]
    found = carry_over(signed(share_out(found), quotations, text), quotations, text)
    found = list(set_aside(found, quotations, text))
    found += unclaimed(found, quotations, text)
    found = attached(with_turns(found, text), text)
    found += keep_inner(scored["inner"], found, quotations)
    found = [describe(calibrate(item, network), text) for item in found]
    return enclose(sorted(found, key=position))


def calibrate(item: Attribution, network: Network) -> Attribution:
    """Turn the network's score into a chance."""
    return item if item.score is None else replace(item, score=network.calibrated(item.score))


@lru_cache(maxsize=4)
def load_network(folder: Path) -> Network:
    """Load the network of a model folder, once a process."""
    from onrecord.stages.attributions.network import Network

    return Network(folder)


@Language.factory(
    "onrecord_attributions", default_config={"model": None}, assigns=["doc._.onrecord"], requires=["doc._.onrecord"]
)
def make_attributions(nlp: Language, name: str, model: str | None) -> Attributions:
    """Build the component; `model` is what `onrecord.load` takes."""
    return Attributions(model)


class Attributions:
    """Stores the attributions of a Doc in `doc._.onrecord["attributions"]`; needs the quotations stage before it."""

    def __init__(self, model: str | Path | None) -> None:
        self.network = load_network(folder_with("encoder.onnx", model))

    def __call__(self, doc: Doc) -> Doc:
        quotations = read(doc, "quotations", Quotation)
        write(doc, "attributions", find_attributions(text_of(doc), quotations, self.network))
        return doc
