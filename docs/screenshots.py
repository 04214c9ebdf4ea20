"""Take the README's pictures of the report page anew: `python docs/screenshots.py`, with playwright and chromium.

They show the seed article at the record that README quotes, in the light on a desk and in the dark on a phone.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import onrecord
from onrecord.readers import Article, read_sources
from onrecord.report import render

ROOT = Path(__file__).resolve().parents[1]
VIEWS = {
    "report.png": {"viewport": {"width": 1120, "height": 620}},
    "phone.png": {"viewport": {"width": 390, "height": 620}, "color_scheme": "dark", "is_mobile": True},
}


def main() -> None:
    articles = [item for item in read_sources([str(ROOT / "seeds")]) if isinstance(item, Article)]
    results = list(onrecord.stream(articles))
    excerpt = re.search(r"```json\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    shown = json.loads(excerpt.group(1))["id"] if excerpt else None
    place = next((i for i, record in enumerate(results[0][1]) if record.id == shown), 0)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder) / "report.html"
        path.write_text(render(results), encoding="utf-8", newline="")
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, options in VIEWS.items():
            page = chromium.new_page(reduced_motion="reduce", **options)
            page.goto(f"{path.as_uri()}#c={place}")
            page.wait_for_selector(".card.chosen", state="attached")
            page.screenshot(path=ROOT / "docs" / name)
        chromium.close()


if __name__ == "__main__":
    sys.exit(main())
