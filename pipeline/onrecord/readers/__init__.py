"""From files, folders, globs and stdin to a stream of articles.

In: the SOURCE arguments of the command line. Out: `Article`s, and one `Reject` for each input that is not one; nothing
is dropped silently. Texts come out exactly as read; nothing here cleans, splits or interprets them.
"""

from onrecord.readers.articles import Article, Reject
from onrecord.readers.pathological import find_pathological
from onrecord.readers.reading import read_sources

__all__ = ["Article", "Reject", "find_pathological", "read_sources"]
