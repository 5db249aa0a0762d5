"""The page of the report card, in a real Chromium."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from lichen.quality.card import compare
from lichen.quality.page import write_page
from lichen.statistics.random_phase import random_phase


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    generator = np.random.default_rng(0)
    exemplar = np.kron(generator.random((24, 24, 3)), np.ones((4, 4, 1))).astype(np.float32)
    noise = random_phase(exemplar).clip(0, 1)
    target = tmp_path_factory.mktemp("page") / "report.html"
    names = ["noise <b>", "copy"]
    return write_page(compare(exemplar, noise, exemplar, names=names), target)


@pytest.mark.parametrize("width", [1280, 400])
def test_page_opens_alone_and_is_readable(report: Path, width: int) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium is installed on this machine")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    messages: list[str] = []
    requests: list[str] = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(report.as_uri())
        shown = page.eval_on_selector_all("img", "all => all.map(i => i.naturalWidth > 0)")
        across = page.evaluate("document.documentElement.scrollWidth")
        smallest = page.evaluate(
            "Math.min(...[...document.querySelectorAll('td, th, p, figcaption')]"
            ".map(e => parseFloat(getComputedStyle(e).fontSize)))"
        )
        text = page.inner_text("body")
        browser.close()
    assert messages == []
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert len(shown) == 1 + 2 * 5 + 1
    assert all(shown)
    assert across <= width, "the page is wider than the window"
    assert smallest >= 12
    for words in ("noise <b>", "copied fraction", "tiled copy", "Diversity"):
        assert words in text


def test_page_has_no_picture_or_script_of_elsewhere(report: Path) -> None:
    html = report.read_text()
    assert "<script" not in html
    assert "http://" not in html.replace("http://www.w3.org", "")
    assert 'src="' in html
    assert all(part.startswith("data:") for part in html.split('src="')[1:])
