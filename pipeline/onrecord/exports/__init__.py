"""Results in the formats of other programs, one module a format, each with `write(results, path)`.

`results` are articles with their records, as `onrecord.stream` yields them or `read_results` reads them back; they are
gone through once, so that a folder of any size fits.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from onrecord.errors import OnRecordError
from onrecord.exports.results import Result, read_records, read_results

__all__ = ["FORMATS", "Result", "export", "read_records", "read_results"]

# Each format and what its PATH is, a file or a folder.
FORMATS = {
    "csv": "file",
    "parquet": "file",
    "webannotation": "file",
    "labelstudio": "folder",
    "brat": "folder",
    "docbin": "file",
}


def export(results: Iterable[Result], form: str, path: Path) -> None:
    """Write `results` to `path` in one of FORMATS; raises OnRecordError where that cannot be done."""
    if form not in FORMATS:
        raise OnRecordError(f"format {form!r} is not one of {', '.join(FORMATS)}")
    try:
        writer = import_module(f"onrecord.exports.{form}")
        if FORMATS[form] == "folder":
            path.mkdir(parents=True, exist_ok=True)
            if any(path.iterdir()):
                raise OnRecordError(f"{path} is not empty; {form} wants a folder of its own")
        writer.write(results, path)
    except ModuleNotFoundError as error:
        raise OnRecordError(f"{form} needs {error.name}: pip install 'onrecord[{form}]'") from error
    except OSError as error:
        raise OnRecordError(f"cannot write {path}: {error.strerror}") from error
