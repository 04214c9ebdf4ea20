"""What a reader needs that not every installation has."""

from __future__ import annotations

from importlib.util import find_spec


def need(extra: str, *packages: str) -> None:
    """Raise ImportError, which becomes a reject, unless the packages of an extra are there."""
    if any(find_spec(package) is None for package in packages):
        raise ImportError(f"pip install 'onrecord[{extra}]'", name=f"onrecord[{extra}]")
