"""The registered factories, by name: other people's configs depend on them."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

import pytest
import spacy
from spacy.language import Language

from onrecord.pipeline import STAGES

FACTORIES: dict[str, dict[str, Any]] = {
    "onrecord": {"model": None, "aliases": None},
    "onrecord_quotations": {},
    "onrecord_attributions": {"model": None},
    "onrecord_speakers": {"model": None, "aliases": None},
    "onrecord_stances": {"model": None},
}


@pytest.mark.parametrize("name", FACTORIES)
def test_factory(name: str) -> None:
    nlp = spacy.blank("en")
    assert nlp.get_factory_meta(name).default_config == FACTORIES[name]


def test_entry_points_are_the_factories() -> None:
    points = {point.name for point in entry_points(group="spacy_factories") if point.value.startswith("onrecord.")}
    assert points == set(FACTORIES)


def test_stages_run_in_the_order_that_is_named(nlp: Language) -> None:
    bundle: Any = nlp.get_pipe("onrecord")
    assert [type(stage).__name__.lower() for stage in bundle.stages] == list(STAGES)
