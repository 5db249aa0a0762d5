"""The human test: its page in a real browser."""

from __future__ import annotations

import base64
import io
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lichen.image import read_image
from lichen.quality.trial_score import COLUMNS, read_answers, score

CROP = 24
Write = Callable[..., str]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Launch Chromium, or skip."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("chromium is not on this machine")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium: Any, place: Path) -> Iterator[Callable[..., Any]]:
    """Open a page that may use nothing but itself; its clock stands still until it is run."""
    said: list[str] = []
    asked: list[str] = []
    contexts = []

    def open_page(file: str = "trial.html", clock: bool = True, **options: Any) -> Any:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(5000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        if clock:
            page.clock.install()
        page.goto((place / file).as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not said
    assert {url.partition(":")[0] for url in asked} <= {"file", "data", "blob"}
    assert {url for url in asked if url.startswith("file")} == {(place / "trial.html").as_uri()}


def begin(page: Any, participant: str = "anna", practise: bool = True) -> None:
    """Type who it is and go through the practice by pressing F."""
    page.get_by_label("Participant").fill(participant)
    page.keyboard.press("Enter")
    for _ in range(4 if practise else 0):
        run_to_crops(page)
        page.keyboard.press("f")
        assert page.locator("#feedback").inner_text().endswith("is the photo.")
        page.keyboard.press("Enter")
    if practise:
        assert page.get_by_role("heading", name="The practice is over").is_visible()
        page.keyboard.press("Enter")


def run_to_crops(page: Any) -> None:
    """Let time pass until the crops are on the screen."""
    for _ in range(20):
        page.clock.run_for(100)
        if page.evaluate("now !== null && now.shown !== null"):
            return
    raise AssertionError("no crops appeared")


def truth(page: Any, number: int) -> str:
    """Where the real crop is in a scored trial, from the page's own data."""
    return str(page.evaluate(f"experiment.trials[{number}].side_of_real"))


def downloaded(page: Any, button: str, path: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).click()
    download.value.save_as(path)
    return path


def shown(page: Any, side: str) -> np.ndarray:
    """Pixels (H, W, 3) of a canvas."""
    url = page.evaluate(f"document.querySelector('[data-side={side}] canvas').toDataURL()")
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as picture:
        return np.asarray(picture.convert("RGB"))


def test_right_answers_score_as_right_after_a_reload(
    opened: Any, place: Path, write: Write, lichen: Callable[..., str]
) -> None:
    write()
    page = opened()
    begin(page)
    keys = {"left": ("f", "ArrowLeft"), "right": ("j", "ArrowRight")}
    for number in range(6):
        if number == 3:
            page.reload()
            assert "3 of 6 answered" in page.locator("#ready-text").inner_text()
            page.get_by_role("button", name="Go on").click()
        run_to_crops(page)
        assert page.locator("#count").inner_text() == f"{number + 1} of 6"
        page.clock.run_for(100)
        page.keyboard.press(keys[truth(page, number)][number % 2])
    file = downloaded(page, "Download CSV", place / "anna.csv")
    assert file.read_text("utf-8").splitlines()[0] == ",".join(COLUMNS)
    answers, n_repeated = read_answers([file])
    assert n_repeated == 0
    assert [a.trial for a in answers] == [1, 2, 3, 4, 5, 6]
    assert all(100 <= a.response_ms <= 300 for a in answers)
    found = score(answers)
    assert [(s.method, s.n_correct, s.n_answers) for s in found] == [
        ("comma, name", 3, 3), ("secret", 3, 3),
    ]  # fmt: skip
    assert "100.0 %" in lichen("--score", "anna.csv")


def test_always_left_is_right_half_of_the_time(opened: Any, place: Path, write: Write) -> None:
    """With the mouse, for two people at one browser, whose answers are exported together."""
    write(n_trials=2, exposure=0)
    page = opened()
    for who in ("anna", "ben"):
        begin(page, who)
        for _ in range(4):
            run_to_crops(page)
            page.locator("[data-side=left]").click()
        page.get_by_role("button", name="Next participant").click()
    answers, _ = read_answers([downloaded(page, "Download all answers", place / "all.csv")])
    assert {a.participant for a in answers} == {"anna", "ben"}
    assert [(s.n_correct, s.n_answers, s.n_participants) for s in score(answers)] == [(2, 4, 2)] * 2


def test_crops_are_enlarged_pixels_then_noise(opened: Any, write: Write) -> None:
    write(crop=CROP, exposure=400)
    page = opened()
    begin(page)
    pictures = [
        np.round(np.broadcast_to(p.pixels, (*p.pixels.shape[:2], 3)) * 255)
        for p in map(read_image, ("photo.png", "secret.png", "comma, name.png"))
    ]
    for number in range(6):
        run_to_crops(page)
        trial = page.evaluate(f"experiment.trials[{number}]")
        other = "right" if trial["side_of_real"] == "left" else "left"
        wanted = {
            trial["side_of_real"]: (pictures[0], trial["real"]),
            other: (pictures[1 + trial["result"]], trial["made"]),
        }
        factor = 384 // CROP
        for side, (picture, (top, left)) in wanted.items():
            crop = picture[top : top + CROP, left : left + CROP]
            assert np.array_equal(shown(page, side), np.kron(crop, np.ones((factor, factor, 1))))
        onset = page.evaluate("now.shown")
        page.clock.run_for(int(380 - (page.evaluate("performance.now()") - onset)))
        assert not page.evaluate("now.masked")
        page.clock.run_for(40)
        assert page.evaluate("now.masked")
        noise = shown(page, trial["side_of_real"])[::factor, ::factor]
        assert 80 < noise.mean() < 175
        assert noise.std() > 60
        assert not np.array_equal(noise, shown(page, other)[::factor, ::factor])
        page.keyboard.press("j")


def test_exposure_in_real_time(opened: Any, write: Write) -> None:
    write(exposure=200)
    page = opened(clock=False)
    begin(page, practise=False)
    page.evaluate(
        "const painted = paint; paint = () => { painted();"
        " if (now.masked) window.lasted = performance.now() - now.shown; }"
    )
    for _ in range(100):  # the page forbids the evaluation that playwright would wait with
        if page.evaluate("window.lasted !== undefined"):
            break
        page.wait_for_timeout(50)
    assert 190 < page.evaluate("lasted") < 400  # the upper bound is for a busy machine


@pytest.mark.parametrize("ratio", [1, 1.25, 2, 3])
def test_factor_is_whole_screen_pixels(opened: Any, write: Write, ratio: float) -> None:
    write(crop=32)
    page = opened(viewport={"width": 400, "height": 700}, device_scale_factor=ratio)
    assert page.locator("#size-note").is_visible()
    begin(page, practise=False)
    run_to_crops(page)
    width = page.evaluate("document.querySelector('#pair canvas').width")
    assert width % 32 == 0
    box = page.locator("#pair canvas").nth(1).bounding_box()
    assert box["width"] * ratio == pytest.approx(width, abs=0.1)
    assert box["x"] + box["width"] <= 400
    assert page.evaluate("document.documentElement.scrollWidth") == 400


def test_too_small_a_window_waits(opened: Any, write: Write) -> None:
    write(crop=32)
    page = opened(viewport={"width": 70, "height": 500})
    begin(page, practise=False)
    assert "too small" in page.locator("#size-note").inner_text()
    assert page.locator("#stage").is_hidden()
    page.set_viewport_size({"width": 900, "height": 700})
    page.get_by_role("button", name="Go on").click()
    run_to_crops(page)
    assert page.locator("#size-note").is_hidden()


def test_keys_that_must_not_answer(opened: Any, write: Write) -> None:
    """Before the crops, held down, with Ctrl, while paused; a pause shows the same trial again."""
    write()
    page = opened()
    begin(page)
    page.clock.run_for(600)
    page.keyboard.press("f")
    run_to_crops(page)
    page.keyboard.press("Control+f")
    page.keyboard.press("x")
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    assert "0 of 6 answered" in page.locator("#ready-text").inner_text()
    page.keyboard.press("Enter")
    run_to_crops(page)
    assert page.locator("#count").inner_text() == "1 of 6"
    page.keyboard.down("f")
    run_to_crops(page)
    page.keyboard.down("f")  # a key held down repeats
    assert page.evaluate("session().answers.length") == 1


def test_names_of_methods_are_never_on_the_screen(opened: Any, write: Write) -> None:
    write(n_trials=1)
    page = opened()
    begin(page, practise=False)
    for key in [*["f", "Enter"] * 4, "Enter", "f", "f"]:  # practice, its end, two trials
        if key == "f":
            run_to_crops(page)
        assert "secret" not in page.content() + page.inner_text("body") + page.title()
        page.keyboard.press(key)
    assert page.get_by_role("heading", name="Thank you").is_visible()
    assert page.evaluate("experiment.methods") == ["secret", "comma, name"]


def test_a_bad_participant_is_told(opened: Any, write: Write) -> None:
    write()
    page = opened()
    page.get_by_label("Participant").fill("=1+1")
    page.keyboard.press("Enter")
    assert page.locator("#start").is_visible()
    assert "only letters" in page.locator("#participant-hint").inner_text()
    page.get_by_label("Participant").fill("")
    page.keyboard.press("Enter")
    assert re.fullmatch("p[a-z0-9]{6}", page.evaluate("kept.current"))
