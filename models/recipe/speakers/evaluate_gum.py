"""Score pronoun and other sources on texts with gold coreference, in genres other than news.

    python evaluate_gum.py GUM.jsonl --cache FILE [--errors N]

A speaker is right if its name is one of the gold cluster's names, or the last words of one.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from data import attribution_of, parse, read_lines

from onrecord.evaluation.meaning import same_name
from onrecord.stages.speakers import resolve_speakers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--errors", type=int, default=0)
    args = parser.parse_args()
    rows = list(read_lines(args.gold))
    counts: Counter[tuple[str, str, bool]] = Counter()
    wrong = []
    for row, doc in zip(rows, parse([row["text"] for row in rows], args.cache)):
        items = sorted((item for item in row["attributions"] if item["content"]), key=lambda item: item["content"][0])
        for item, speaker in zip(items, resolve_speakers(doc, [attribution_of(item) for item in items])):
            names = [name for name in (item.get("source_name"), *item.get("source_names", ())) if name]
            if not names or not item["source"]:
                continue
            right = any(same_name(name, speaker.name, "person") for name in names)
            printed = doc.text[slice(*item["source"][0])]
            form = printed.lower() if printed.lower() in ("i", "we", "you") else item["source_type"]
            counts[row["genre"], form, right] += 1
            counts["all", form, right] += 1
            if not right:
                wrong.append(f"{row['doc_id']} {printed!r} gold {names[:2]} found {speaker.name!r}")
    for genre, form in sorted({key[:2] for key in counts}):
        hits, every = counts[genre, form, True], counts[genre, form, True] + counts[genre, form, False]
        print(f"{genre:14}{form:10}{hits:5} of {every:5}{100.0 * hits / every:7.1f}")
    print(*wrong[: args.errors], sep="\n")


if __name__ == "__main__":
    main()
