"""Runs over many articles: workers, journal, output folder, progress."""
