"""Tables of quotation marks: text -> the quotations found, as their inner words."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.stages.quotations import Quotation, find_quotations, paragraphs

QUOTED = [
    ("curly", "“We lost,” Ruiz said.", ["We lost,"]),
    ("straight", '"We lost," Ruiz said.', ["We lost,"]),
    ("straight, two", '"We lost," she said. "Badly."', ["We lost,", "Badly."]),
    ("guillemets", "« Nous avons perdu », a dit Ruiz.", [" Nous avons perdu "]),
    ("guillemets inward", "»Wir haben verloren«, sagte Ruiz.", ["Wir haben verloren"]),
    ("German", "„Wir haben verloren“, sagte Ruiz.", ["Wir haben verloren"]),
    ("Polish", "„Przegraliśmy”, powiedziała Ruiz.", ["Przegraliśmy"]),
    ("Swedish", "”Vi förlorade”, sade Ruiz.", ["Vi förlorade"]),
    ("TeX", "``We lost,'' Ruiz said.", ["We lost,"]),
    ("TeX, three", "```We lost,''' Ruiz said.", ["We lost,"]),
    ("single curly", "‘We lost,’ Ruiz said.", ["We lost,"]),
    ("single straight", "'We lost,' Ruiz said.", ["We lost,"]),
    ("mixed up: curly opens, straight closes", '“We lost," Ruiz said.', ["We lost,"]),
    ("mixed up: straight opens, curly closes", '"We lost,” Ruiz said.', ["We lost,"]),
    ("nested", "“He said ‘no’ to us,” Ruiz said.", ["He said ‘no’ to us,", "no"]),
    ("nested, straight", "\"He said 'no' to us,\" Ruiz said.", ["He said 'no' to us,", "no"]),
    ("British: double in single", "‘He said “no” to us,’ Ruiz said.", ["He said “no” to us,", "no"]),
    ("apostrophe inside", "“We don’t know,” Ruiz said.", ["We don’t know,"]),
    ("apostrophe inside singles", "‘We don’t know,’ Ruiz said.", ["We don’t know,"]),
    ("plural possessive inside singles", "‘The soldiers’ families left,’ he said.", ["The soldiers’ families left,"]),
    ("nickname", "William “Bill” Jones left.", ["Bill"]),
    ("title", "She read “War and Peace” twice.", ["War and Peace"]),
    ("dash before", "He was clear—“never again”—and left.", ["never again"]),
    ("bracket before", "Ruiz (“the boss”) left.", ["the boss"]),
    ("split", "“We lost,” Ruiz said, “but we learned.”", ["We lost,", "but we learned."]),
    ("inches inside a quotation", "“He is 6' 2\",” she said.", ["He is 6' 2\","]),
]
UNQUOTED = [
    ("nothing", "Ruiz said that they lost."),
    ("apostrophes", "The dogs’ owners don’t know the ’90s rock ’n’ roll."),
    ("straight apostrophes", "The dogs' owners don't know the '90s rock 'n' roll."),
    ("feet and inches", "He is 5' 11\" tall and she is 6'2\"."),
    ("feet and inches, curly", "He is 5’ 11” tall."),
    ("stray closing mark", "They lost.” Ruiz left."),
    ("bullet", "» Sport » Football"),
    ("empty pair", 'They wrote "" there.'),
    ("stray straight mark", 'A 12" record sold well.'),
    ("lone apostrophe", "' is a mark."),
]


def inner(text: str) -> list[str]:
    return [text[q.inner_start : q.inner_end] for q in find_quotations(text)]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in QUOTED], ids=[row[0] for row in QUOTED])
def test_quoted(text: str, expected: list[str]) -> None:
    assert inner(text) == expected


@pytest.mark.parametrize("text", [row[1] for row in UNQUOTED], ids=[row[0] for row in UNQUOTED])
def test_unquoted(text: str) -> None:
    assert inner(text) == []


def test_several_paragraphs_reopened_and_closed_once() -> None:
    text = "“We lost.\n\n“We learned.\n\n“We will win,” Ruiz said."
    found = find_quotations(text)
    assert [text[q.inner_start : q.inner_end] for q in found] == ["We lost.", "We learned.", "We will win,"]
    assert [q.continued for q in found] == [True, True, False]


def test_an_unclosed_mark_spoils_its_paragraph_alone() -> None:
    text = "He said “we lost and left.\nThen “she” came.\n“We lost,” Ruiz said."
    assert inner(text) == ["we lost and left.", "she", "We lost,"]
    assert not any(q.continued for q in find_quotations(text))


def test_an_unclosed_quotation_keeps_what_is_nested_in_it() -> None:
    assert inner("“He said ‘no’ to us.\nThey left.") == ["He said ‘no’ to us.", "no"]


def test_hard_wrapped_text_is_read_by_blank_lines() -> None:
    text = "“We lost\nall of it,” Ruiz\nsaid.\n\nThey left.\n"
    assert list(paragraphs(text)) == [(0, 31), (33, 43)]
    assert inner(text) == ["We lost\nall of it,"]


def test_depth() -> None:
    assert [q.depth for q in find_quotations("“He said ‘no’ to us,” Ruiz said.")] == [0, 1]


@given(st.text(alphabet="“”\"'‘’«»„`ab .,\n1", max_size=80))
def test_offsets_hold(text: str) -> None:
    for q in find_quotations(text):
        assert 0 <= q.start < q.inner_start <= q.inner_end <= q.end <= len(text)
        assert text[q.start : q.inner_start].strip("“”\"'‘’«»„`") == ""


@given(st.text(alphabet="“”\"'‘’«»„`ab .,\n1", max_size=80))
def test_quotations_nest_or_stand_apart(text: str) -> None:
    found = find_quotations(text)
    for i, one in enumerate(found):
        for two in found[i + 1 :]:
            assert two.start >= one.end or two.end <= one.end, (one, two)


def test_order_is_by_start_then_longest() -> None:
    found = find_quotations("“He said ‘no’ to us,” Ruiz said, “and ‘yes’ to them.”")
    assert found == sorted(found, key=lambda q: (q.start, -q.end))


def least_time(text: str) -> float:
    """The shortest of three runs: what else the process and the machine do makes single ones longer."""
    times = []
    for _ in range(3):
        begun = time.process_time()
        find_quotations(text)
        times.append(time.process_time() - begun)
    return min(times)


@pytest.mark.parametrize("mark", ["“", '"', "'", "‘", "’", "«", "``", "' ", " “a", " ‘a"])
def test_time_is_linear_in_the_number_of_marks(mark: str) -> None:
    find_quotations(mark * 2000)
    times = [least_time(mark * count) for count in (5_000, 20_000)]
    assert times[1] < 12 * times[0] + 0.05, times


def test_quotations_are_plain_values() -> None:
    assert find_quotations("“a”") == [Quotation(0, 3, 1, 2, 0, False)]
