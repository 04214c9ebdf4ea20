"""The command line: each command is a module here; it parses its options and calls one plain function.

Data goes to files or stdout, talk to stderr. Exit status: 0 all done, 1 something failed, 2 wrong usage.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from onrecord import __version__
from onrecord.cli.diff import diff
from onrecord.cli.evaluate import evaluate
from onrecord.cli.export import export
from onrecord.cli.extract import extract
from onrecord.cli.merge import merge
from onrecord.cli.report import report
from onrecord.cli.schema import schema
from onrecord.cli.show import show
from onrecord.cli.verify import verify
from onrecord.cli.why import why
from onrecord.errors import OnRecordError


class Command(click.Group):
    """A group whose commands turn our own errors into one line on stderr, and end quietly in a closed pipe."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except OnRecordError as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:
            sys.stdout = None  # nothing more to flush into the closed pipe
            context.exit(0)


@click.group(cls=Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="onrecord")
def main() -> None:
    """Who said what, about whom, and on which side.

    \b
    Example:
      onrecord extract seeds -o output
      onrecord verify output
    """


for command in (extract, merge, show, report, export, verify, evaluate, diff, schema, why):
    main.add_command(command)
