"""The one error that onrecord raises for its own reasons: wrong data, wrong options, unusable files."""

from __future__ import annotations


class OnRecordError(ValueError):
    """Something given to onrecord is unusable; the message says what, where, what is allowed and what to do."""
