"""OnRecord: who said what, about whom, and on which side — attributed quotes and claims from news articles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onrecord.errors import OnRecordError
    from onrecord.pipeline import extract, load, stream
    from onrecord.readers import Article
    from onrecord.records import Record

__version__ = "0.1.0"
__all__ = ["Article", "OnRecordError", "Record", "extract", "load", "stream"]

# Where each public name lives: imported on first use, so that `import onrecord` and `onrecord --help` stay quick.
HOMES = {
    "Article": "onrecord.readers",
    "OnRecordError": "onrecord.errors",
    "Record": "onrecord.records",
    "extract": "onrecord.pipeline",
    "load": "onrecord.pipeline",
    "stream": "onrecord.pipeline",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in HOMES:
        raise AttributeError(f"module 'onrecord' has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)
