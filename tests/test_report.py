"""The HTML page: what stands in it, and what it does in a browser (skipped where there is no chromium)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from handmade import HOSTILE, article, hostile, make, town, write_folder

from onrecord.cli import main
from onrecord.exports.results import Result
from onrecord.report import render
from onrecord.report.data import Utf16, visible

# No look-ups, no first-run pages: the page must be the only thing that could ask for anything.
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PHONE = {"width": 390, "height": 844}


class Elements(HTMLParser):
    """Collects elements with their attributes, and the text in each kind of element."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: dict[str, list[str]] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self.words.setdefault(tag, []).append("")

    def handle_data(self, data: str) -> None:
        if self.found:
            self.words[self.found[-1][0]][-1] += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


# --- Without a browser


def test_holds_every_article_once_as_text() -> None:
    page = Elements(render(town()))
    texts = [words.strip("\n") for words in page.words["article"]]
    assert texts == [one.text for one, _ in town()]
    assert page.of("article")[0]["data-url"] == "https://news.example/one?a=1&b=2"


@pytest.mark.parametrize("results", [town(), hostile(), []], ids=["plain", "hostile", "nothing"])
def test_policy_names_the_only_style_and_script(results: list[Result]) -> None:
    page = render(results, title="</title><script>1</script>")
    elements = Elements(page)
    policy = next(meta["content"] for meta in elements.of("meta") if meta.get("http-equiv")) or ""
    for tag in ("style", "script"):
        (source,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
        assert len(elements.of(tag)) == 1
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


@pytest.mark.parametrize("nasty", HOSTILE)
def test_hostile_words_make_no_elements(nasty: str) -> None:
    plain, found = Elements(render(town())), Elements(render([*town(), *hostile()], title=nasty))
    assert {tag for tag, _ in found.found} == {tag for tag, _ in plain.found}
    assert not any(key.startswith("on") or key == "style" for _, attributes in found.found for key in attributes)
    links = [attributes.get("data-url") for attributes in found.of("article")]
    assert all(link is None or link.startswith("https://") for link in links)


def test_claims_are_numbers_alone() -> None:
    for attributes in Elements(render([*town(), *hostile()])).of("article"):
        assert re.fullmatch(r"[\[\]\d,-]*", attributes["data-claims"] or "")


def test_offsets_count_as_javascript_does() -> None:
    text = "a🌉b🌉c"
    offsets = Utf16(text)
    for i in range(len(text) + 1):
        assert offsets.at(i) == len(text[:i].encode("utf-16-le")) // 2


def test_what_is_invisible_shows_without_moving_offsets() -> None:
    assert visible("a\x1b\u202eb\0\x9bc\n\t\r") == "a␛\ufffdb␀\ufffdc\n\t\r"


def test_size_stays_under_three_times_the_text() -> None:
    one, found = town()[0]
    body = "The council met again on Tuesday and put the matter off until the autumn. " * 60
    long = article(one.text + body, id="long")
    records = [record for record in found for _ in range(8)]
    many = [(long, records)] * 100
    assert len(render(many).encode()) < 3 * sum(len(one.text.encode()) for one, _ in many)


def test_command(tmp_path: Path) -> None:
    folder, path = write_folder(tmp_path / "output", town()), tmp_path / "report.html"
    run = CliRunner().invoke(main, ["report", str(folder), "-o", str(path), "--title", "Bridge <news>"])
    assert run.exit_code == 0, run.output
    assert "<title>Bridge &lt;news&gt;</title>" in path.read_text(encoding="utf-8")
    run = CliRunner().invoke(main, ["report", str(folder), "-o", "-"])
    assert run.stdout.startswith("<!doctype html>")


# --- In a browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install '.[interop]'")
    with api.sync_playwright() as playwright:
        path = shutil.which("chromium") or playwright.chromium.executable_path
        if not Path(path).exists():
            pytest.skip("needs chromium: apt-get install chromium, or playwright install chromium")
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS), timeout=120_000)
        yield browser
        browser.close()


class Visit:
    """A page opened from a file; `trouble` collects console messages, errors, dialogs and requests."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(60_000)
        self.trouble: list[str] = []
        self.page.on("console", lambda message: self.trouble.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: self.trouble.append(f"dialog: {dialog.message}"))
        self.page.on("request", self.note)
        self.page.goto(path.as_uri())

    def note(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:")):
            self.trouble.append(f"request: {request.url}")

    def count(self, selector: str) -> int:
        return int(self.page.locator(selector).count())

    def words(self, selector: str) -> list[str]:
        return list(self.page.locator(selector).all_inner_texts())


@pytest.fixture
def visit(chromium: Any, tmp_path: Path) -> Iterator[Any]:
    visits: list[Visit] = []

    def open_page(results: list[Result], **options: Any) -> Visit:
        path = tmp_path / "report.html"
        path.write_text(render(results), encoding="utf-8", newline="")
        visits.append(Visit(chromium, path, **options))
        return visits[-1]

    yield open_page
    for one in visits:
        one.context.close()
        assert one.trouble == []


def test_overview_and_filters(visit: Any) -> None:
    page = visit(town())
    assert page.words(".figures dd") == ["2", "4", "4", "50%"]
    assert page.count(".articles li") == 2
    page.page.click(".option.oppose")
    page.page.wait_for_selector(".cards .card")
    assert page.words(".cards .name") == ["Critics", "Kim"]
    page.page.click(".speaker:has-text('Kim')")
    page.page.wait_for_selector(".cards .card:only-child")
    page.page.keyboard.press("Escape")
    page.page.wait_for_selector(".articles li")
    assert page.count(".articles li") == 2


def test_a_cell_of_the_heat_map_shows_what_was_said(visit: Any) -> None:
    page = visit(town())
    page.page.click("[aria-label='Critics on Kim: 1 oppose']")
    page.page.wait_for_selector(".cards .card")
    assert page.words(".cards blockquote") == ["that Kim admitted the tunnel leaks"]
    assert page.words(".chip") == ["Critics ×", "on Kim ×", "Clear all"]


def test_search(visit: Any) -> None:
    page = visit(town())
    page.page.keyboard.press("/")
    page.page.keyboard.type("costs")
    page.page.wait_for_selector(".articles li:only-child")
    assert page.words(".articles a") == ["Costs"]


def test_an_article_keeps_its_words_and_marks(visit: Any) -> None:
    page = visit(town()[:1])
    one, found = town()[0]
    assert " ".join(page.words(".text p")).split() == one.text.split()
    marked = page.page.evaluate(
        "[...document.querySelectorAll('.text .q.support')].map((node) => node.textContent).join('|')"
    )
    assert marked == "“|The bridge| is safe,”|“and it stays open.”"
    assert page.words(".text .outer") == ["the tunnel", " leaks"] or page.count(".text .outer-oppose") == 2
    assert page.count(".text .c") == len([record for record in found if record.cue])


def test_the_keyboard_links_speaker_cue_and_target(visit: Any) -> None:
    page = visit(town()[:1])
    for expected in (
        ["Mayor Ruiz", "told", "The bridge"],
        ["Critics", "say", "Kim"],
        ["Kim", "admitted", "the tunnel"],
    ):
        page.page.keyboard.press("j")
        found = [page.words(f".text .on-{role}")[0] for role in ("speaker", "cue", "target")]
        assert found == expected
    assert page.count(".links path") == 2
    assert page.count(".beside .card.chosen") == 1
    page.page.keyboard.press("Escape")
    assert page.count(".text .on") == 0
    page.page.locator(".text .q[tabindex]").first.focus()
    assert page.words(".text .on-speaker") == ["Mayor Ruiz"]


def test_overlapping_marks(visit: Any) -> None:
    one = article("Kim said one two three four, Lee said.")
    left = make(one, "one two three", speaker="Kim", stance="support")
    right = make(one, "two three four", speaker="Lee", stance="oppose")
    page = visit([(one, [left, right])])
    marks = page.page.evaluate(
        "[...document.querySelectorAll('.text .q')].map((n) => [n.textContent, n.classList.contains('outer')])"
    )
    assert marks == [["one ", False], ["two three", True], [" four", False]]


def test_hostile_articles_run_nothing(visit: Any) -> None:
    page = visit(hostile())
    title = page.page.title()
    assert page.count(".articles li") == len(HOSTILE)
    for number in range(len(HOSTILE)):
        page.page.goto(page.page.url.split("#")[0] + f"#a={number}&c=0")
        page.page.wait_for_selector(".card.chosen")
        assert page.count("main img, main script, main iframe, a[href^='javascript']") == 0
    assert page.page.title() == title


def test_a_phone_shows_the_chosen_card_from_below(visit: Any) -> None:
    page = visit(town()[:1], viewport=PHONE, is_mobile=True, has_touch=True)
    page.page.tap(".text .q.support")
    assert page.words(".sheet .name") == ["Ana Ruiz"]
    assert page.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_tap_on_low_words_lifts_them_above_the_card(visit: Any) -> None:
    """The card comes up where the finger is: it must not take the tap, nor hide what was tapped."""
    page = visit(town()[:1], viewport={**PHONE, "height": 420}, is_mobile=True, has_touch=True)
    words = page.page.locator(".text .q.support").first
    page.page.evaluate("scrollTo(0, document.querySelector('.text .q').getBoundingClientRect().top - 360)")
    page.page.touchscreen.tap(*(words.bounding_box()[key] + 6 for key in "xy"))
    page.page.wait_for_selector(".sheet .name")
    assert words.bounding_box()["y"] < page.page.locator(".sheet").bounding_box()["y"]


def test_many_articles_open_and_filter_quickly(visit: Any) -> None:
    one, found = town()[0]
    many = [
        (article(one.text, id=str(i), title=f"Article {i}", published=f"2024-01-{i % 28 + 1:02}"), found)
        for i in range(500)
    ]
    page = visit(many)
    assert page.count(".articles li") < 200
    page.page.click(".option.oppose")
    page.page.wait_for_selector(".cards .card")
    assert page.words(".figures dd")[:2] == ["500", "1,000"]
    assert page.count(".cards .card") < 200
    timing = page.page.evaluate("JSON.stringify(performance.getEntriesByType('navigation')[0])")
    assert json.loads(timing)["domComplete"] > 0


def test_prints_without_controls(visit: Any) -> None:
    page = visit(town()[:1])
    page.page.emulate_media(media="print")
    assert not page.page.locator(".top").is_visible()
    assert page.page.locator(".text").is_visible()


def test_time_runs_on_where_nothing_was_said(visit: Any) -> None:
    dates = ("2024-01-30", "2024-02-02", "2024-02-31", "9999-99-99", "soon")
    results = [(article("Kim said so.", id=date, published=date), "so") for date in dates]
    page = visit([(one, [make(one, words, speaker="Kim", cue="said")]) for one, words in results])
    assert page.page.locator(".time title").all_text_contents() == [
        "2024-01-30: 0 support, 0 oppose, 1 neutral",
        "2024-01-31: 0 support, 0 oppose, 0 neutral",
        "2024-02-01: 0 support, 0 oppose, 0 neutral",
        "2024-02-02: 0 support, 0 oppose, 1 neutral",
    ]


def test_a_card_under_the_pointer_lights_its_words(visit: Any) -> None:
    page = visit(town()[:1])
    page.page.hover(".beside .card:has-text('Critics')")
    assert page.words(".text .on-speaker") == ["Critics"]
    page.page.click(".beside .card:has-text('Ana Ruiz')")
    page.page.hover(".beside .card:has-text('Critics')")
    assert page.words(".text .on-speaker") == ["Mayor Ruiz"]
