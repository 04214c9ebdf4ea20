"""Shared by all tests: where things are, and the pipeline, loaded once."""

from __future__ import annotations

from pathlib import Path

import pytest
from spacy.language import Language

import onrecord

ROOT = Path(__file__).resolve().parents[1]
# Annotated articles that must not be redistributed lie beside the project; tests that need them skip without.
GOLD = ROOT.parent / "shared" / "gold"


@pytest.fixture(scope="session")
def nlp() -> Language:
    return onrecord.load()


@pytest.fixture(scope="session")
def gold() -> Path:
    if not GOLD.is_dir():
        pytest.skip(f"no annotated articles at {GOLD}")
    return GOLD


@pytest.fixture(scope="session")
def seed() -> Path:
    return ROOT / "seeds" / "000_55948427a9adf828.txt"


@pytest.fixture(scope="session")
def seed_claims(seed: Path, nlp: Language) -> list[dict[str, object]]:
    text = seed.read_text(encoding="utf-8")
    return [record.to_dict() for record in onrecord.extract(text, nlp=nlp, doc_id=seed.stem)]
