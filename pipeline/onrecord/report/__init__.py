"""One self-contained HTML page of articles with their attributions marked, filters and charts.

The page needs no network and loads nothing: its style and script stand in it, and a Content-Security-Policy names their
hashes and forbids all else. Article text never stands in a script: it is escaped by Jinja2 into inert elements, from
which the script makes text nodes. What a claim says goes into an attribute as numbers alone.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from importlib import resources
from typing import TYPE_CHECKING

from onrecord.report.data import collect

if TYPE_CHECKING:
    from jinja2 import Environment

    from onrecord.exports.results import Result

SCRIPTS = ("data", "route", "parts", "charts", "lists", "reader", "page")


def render(results: Iterable[Result], *, title: str = "On the record") -> str:
    """Return the page for articles and their records."""
    from markupsafe import Markup

    style = read("page.css")
    script = "(() => {\n'use strict';\n" + "\n".join(read(f"{name}.js") for name in SCRIPTS) + "})();\n"
    policy = (
        f"default-src 'none'; style-src '{digest(style)}'; script-src '{digest(script)}'; img-src data:;"
        " base-uri 'none'; form-action 'none'"
    )
    page = environment().get_template("page.html")
    return page.render(title=title, policy=policy, style=Markup(style), script=Markup(script), data=collect(results))


def read(name: str) -> str:
    """Return a file of the page's own: style or script."""
    return resources.files(__package__).joinpath(f"static/{name}").read_text(encoding="utf-8")


def digest(source: str) -> str:
    """Return the name of an inline element in a Content-Security-Policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode("utf-8")).digest()).decode("ascii")


def environment() -> Environment:
    """Return Jinja2 with everything escaped that is not the page's own."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
