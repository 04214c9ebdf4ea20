"""The closed sets of values in a record: what `act`, `stance`, `kind`, `type` and `resolved` may be."""

from __future__ import annotations

from typing import Literal, get_args

# What the speaker does by the attribution (`cue.act`).
Act = Literal[
    "assert", "deny", "ask", "accuse", "criticize", "praise", "warn", "predict",
    "urge", "demand", "promise", "intend", "believe", "feel", "decide", "show",
]  # fmt: skip
# Where the speaker stands toward the target (`stance`).
Stance = Literal["support", "oppose", "neutral"]
# What the speaker is (`speaker.kind`).
SpeakerKind = Literal["person", "anonymous", "group", "organization", "document", "author", "unknown"]
# What the target is (`target.kind`): a kind of entity, or a thing.
TargetKind = Literal[
    "person", "anonymous", "group", "organization", "document", "author", "unknown", "place", "thing"
]  # fmt: skip
# How much of the content's words stand inside quotation marks (`type`): all, some, none.
Type = Literal["direct", "mixed", "indirect"]
# How the speaker's mention got its name (`speaker.resolved`).
Resolved = Literal["name", "alias", "pronoun", "nominal", "carried", "none"]

ACTS: tuple[str, ...] = get_args(Act)
STANCES: tuple[str, ...] = get_args(Stance)
SPEAKER_KINDS: tuple[str, ...] = get_args(SpeakerKind)
TARGET_KINDS: tuple[str, ...] = get_args(TargetKind)
TYPES: tuple[str, ...] = get_args(Type)
RESOLVED: tuple[str, ...] = get_args(Resolved)
