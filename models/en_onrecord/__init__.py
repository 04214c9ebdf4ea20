"""The trained components of OnRecord, as an import package: weights, tokenizer, model card."""

from pathlib import Path

__version__ = "0.1.0"


def path() -> Path:
    """Return the folder that holds the weights."""
    return Path(__file__).parent
