"""The human test: design and scores against counting, the page in a real browser."""

from __future__ import annotations

import base64
import io
import itertools
import json
import math
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lichen import synthesize
from lichen.errors import LichenError, ParameterError
from lichen.faces import cli
from lichen.image import read_image, write_image
from lichen.quality.trial import _outside, design, largest_crop, method_names, write_trial
from lichen.quality.trial_score import COLUMNS, MethodScore, read_answers, score

CROP = 24


# ---- design ----------------------------------------------------------------------------------


def disjoint(a: tuple[int, int], b: tuple[int, int], crop: int) -> bool:
    """Whether two squares share no pixel, by listing their pixels."""
    pixels = [set(itertools.product(range(r, r + crop), range(c, c + crop))) for r, c in (a, b)]
    return not pixels[0] & pixels[1]


sizes = st.tuples(st.integers(8, 40), st.integers(8, 40))


@given(sizes, sizes, st.integers(8, 20), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_crops_lie_inside_and_apart(
    exemplar: tuple[int, int], result: tuple[int, int], crop: int, seed: int
) -> None:
    crop = min(crop, largest_crop(exemplar, [result]))
    for trial in design(exemplar, [result], n_trials=4, crop=crop, seed=seed):
        for (row, column), size in ((trial.real, exemplar), (trial.made, result)):
            assert 0 <= row <= size[0] - crop
            assert 0 <= column <= size[1] - crop
        assert disjoint(trial.real, trial.made, crop)


@given(
    st.tuples(st.integers(3, 6), st.integers(3, 6)), st.tuples(st.integers(3, 6), st.integers(3, 6))
)
@settings(max_examples=20, deadline=None)
def test_largest_crop_is_the_largest_that_fits_twice(
    exemplar: tuple[int, int], result: tuple[int, int]
) -> None:
    def fits(crop: int) -> bool:
        places = [
            itertools.product(range(h - crop + 1), range(w - crop + 1))
            for h, w in (exemplar, result)
        ]
        return any(disjoint(a, b, crop) for a, b in itertools.product(*places))

    largest = largest_crop(exemplar, [result])
    assert [crop for crop in range(1, 8) if fits(crop)] == list(range(1, largest + 1))
    with pytest.raises(ParameterError, match=f"--crop {largest} or less"):
        design(exemplar, [result], n_trials=1, crop=largest + 1, seed=0)


@pytest.mark.parametrize("hole", [(1, 3, 2, 4), (-2, 2, 1, 9), (0, 9, -3, 2), (3, 1, 0, 2)])
def test_places_outside_a_rectangle_are_drawn_once_each(hole: tuple[int, int, int, int]) -> None:
    """Every number that the generator can give leads to another place, and all are reached."""

    class Counting:
        def __init__(self, k: int) -> None:
            self.k, self.n = k, 0

        def integers(self, n: int) -> int:
            self.n = n
            return self.k

    rows, columns = range(hole[0], hole[1]), range(hole[2], hole[3])
    wanted = [
        (r, c)
        for r, c in itertools.product(range(4), range(5))
        if r not in rows or c not in columns
    ]
    rngs: list[Any] = [Counting(k) for k in range(len(wanted))]
    assert sorted(_outside((4, 5), [rows, columns], rng) for rng in rngs) == wanted
    assert {rng.n for rng in rngs} == {len(wanted)}


@pytest.mark.parametrize(
    ("exemplar", "result"), [((6, 4), (5, 5)), ((4, 4), (3, 6)), ((6, 3), (5, 4))]
)
def test_every_pair_of_places_apart_is_drawn(
    exemplar: tuple[int, int], result: tuple[int, int]
) -> None:
    crop = 3
    places = [
        itertools.product(range(h - crop + 1), range(w - crop + 1)) for h, w in (exemplar, result)
    ]
    wanted = {(a, b) for a, b in itertools.product(*places) if disjoint(a, b, crop)}
    trials = design(exemplar, [result], n_trials=400, crop=crop, seed=0)
    assert {(trial.real, trial.made) for trial in trials} == wanted


@pytest.mark.parametrize("n_trials", [1, 2, 5, 20])
@pytest.mark.parametrize("seed", range(5))
def test_sides_are_balanced(n_trials: int, seed: int) -> None:
    trials = design((64, 64), [(64, 64)] * 3, n_trials=n_trials, crop=CROP, seed=seed)
    for result in range(3):
        sides = [trial.side_of_real for trial in trials if trial.result == result]
        assert len(sides) == n_trials
        assert abs(sides.count("left") - sides.count("right")) == n_trials % 2
    both = [trial.side_of_real for trial in trials]
    assert abs(both.count("left") - both.count("right")) <= n_trials % 2


def test_the_seed_alone_decides() -> None:
    def made(seed: int) -> list[Any]:
        return design((64, 80), [(64, 64)] * 2, n_trials=10, crop=CROP, seed=seed)

    assert made(3) == made(3)
    assert len({str(made(seed)) for seed in range(20)}) == 20
    orders = {tuple(trial.result for trial in made(seed)) for seed in range(20)}
    assert len(orders) > 15  # shuffled, not result by result


# ---- page ------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a photo and two results, made the working directory."""
    rng = np.random.default_rng(0)
    write_image(tmp_path / "photo.png", rng.random((64, 80, 3)))
    write_image(tmp_path / "secret.png", rng.random((64, 64, 3)))
    write_image(tmp_path / "comma, name.png", rng.random((70, 64, 1)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(output: str = "trial.html", **options: Any) -> str:
    given: dict[str, Any] = {"n_trials": 3, "crop": CROP, "seed": 5, **options}
    results = [Path("secret.png"), Path("comma, name.png")]
    write_trial(Path("photo.png"), results, Path(output), **given)
    return Path(output).read_text("utf-8")


def test_page_depends_on_its_arguments_only(place: Path) -> None:
    assert write("a.html") == write("b.html")
    assert len({write(seed=1), write(seed=2), write(exposure=0), write(n_trials=2)}) == 4


def test_page_holds_each_picture_once_and_no_name(place: Path) -> None:
    page = write()
    files = re.findall(r"data:image/png;base64,([^\"]+)", page)
    names = ["photo.png", "secret.png", "comma, name.png"]
    for data, name in zip(files, names, strict=True):
        with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
            stored = np.asarray(picture).reshape(picture.height, picture.width, -1)
        assert np.array_equal(stored, np.round(read_image(name).pixels * 255))
    for word in ("secret", "comma, name", "photo.png", "http:", "https:"):
        assert word not in page


def test_results_are_named_by_their_record(place: Path) -> None:
    for seed in (1, 2):
        synthesize("photo.png", seed=seed, iterations=1).save(f"own{seed}.png")
    assert method_names([Path("own1.png"), Path("secret.png")]) == ["patchmatch/own1", "secret"]
    record = json.loads(Image.open("own1.png").text["lichen"])  # type: ignore[attr-defined]
    from lichen import registry

    for preset in ("default", "paper"):
        configured = registry.get("gatys").configure(None if preset == "default" else preset)
        record["method"] = "gatys"
        record["parameters"] = configured.model_dump(mode="json")
        for seed in (1, 2):
            write_image(
                f"{preset}{seed}.png", np.zeros((64, 64, 3)), text={"lichen": json.dumps(record)}
            )
        files = [Path(f"{preset}1.png"), Path(f"{preset}2.png")]
        assert method_names(files) == [f"gatys/{preset}"] * 2
    record["method"] = "of-another-package"
    write_image("theirs.png", np.zeros((64, 64, 3)), text={"lichen": json.dumps(record)})
    assert method_names([Path("theirs.png")]) == ["of-another-package/theirs"]


# ---- scores ----------------------------------------------------------------------------------


def row(**changes: Any) -> str:
    values = {
        "participant": "anna", "trial": 1, "method": "m", "exemplar": "photo",
        "side_of_real": "left", "answer": "left", "response_ms": 700, "exposure_ms": 1000,
        "crop": 96, "timestamp": "2025-01-02T03:04:05.678Z", "seed": 0, **changes,
    }  # fmt: skip
    values.setdefault("correct", int(values["side_of_real"] == values["answer"]))
    return ",".join(str(values[name]) for name in COLUMNS)


def table(*rows: str) -> str:
    return "\r\n".join([",".join(COLUMNS), *rows, ""])


def scores(tmp_path: Path, *rows: str) -> dict[str, MethodScore]:
    (tmp_path / "a.csv").write_text(table(*rows))
    return {s.method: s for s in score(read_answers([tmp_path / "a.csv"])[0])}


@pytest.mark.parametrize(("k", "n"), [(0, 10), (5, 10), (31, 40), (40, 40), (1, 1)])
def test_interval_and_p_are_the_closed_forms(tmp_path: Path, k: int, n: int) -> None:
    answers = [row(trial=i + 1, answer="left" if i < k else "right") for i in range(n)]
    found = scores(tmp_path, *answers)["m"]
    z = 1.959963984540054  # of the normal distribution at 97.5 %
    centre = (k + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(k * (n - k) / n + z * z / 4)
    assert (found.n_correct, found.n_answers) == (k, n)
    assert found.low == pytest.approx(centre - half, abs=1e-9)
    assert found.high == pytest.approx(centre + half, abs=1e-9)
    tail = sum(math.comb(n, i) for i in range(n + 1) if abs(2 * i - n) >= abs(2 * k - n))
    assert found.p_value == pytest.approx(tail / 2**n)


def test_wilson_interval_as_published(tmp_path: Path) -> None:
    """Newcombe 1998, table I, method 3: 81 of 263, 15 of 148."""
    for k, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)):
        answers = [row(trial=i + 1, answer="left" if i < k else "right") for i in range(n)]
        found = scores(tmp_path, *answers)["m"]
        assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_first_answer_counts_whatever_the_order_of_files(tmp_path: Path) -> None:
    late = row(answer="right", timestamp="2025-01-02T03:04:06Z", response_ms=1)
    early = row(timestamp="2025-01-02T05:04:05+02:00", response_ms=300)
    (tmp_path / "1.csv").write_text(table(late))
    (tmp_path / "2.csv").write_text("\ufeff" + table(early, row(trial=2, response_ms=500)), "utf-8")
    answers, n_repeated = read_answers([tmp_path / "1.csv", tmp_path / "2.csv"])
    assert n_repeated == 1
    assert [(a.trial, a.correct) for a in answers] == [(1, True), (2, True)]
    assert score(answers)[0].mean_response_ms == 400


@pytest.mark.parametrize(
    "change", [{"participant": "ben"}, {"method": "n"}, {"exemplar": "x"}, {"seed": 1},
               {"crop": 64}, {"exposure_ms": 0}, {"trial": 2}]
)  # fmt: skip
def test_other_questions_count(tmp_path: Path, change: dict[str, Any]) -> None:
    found = scores(tmp_path, row(), row(answer="right", **change))
    assert sum(s.n_answers for s in found.values()) == 2


MALFORMED = {
    "": ("line 1", "columns participant"),
    "participant;trial\r\n": ("line 1", "are missing"),
    table(row(), row(answer="up")): ("line 3", "answer is 'up'"),
    table(row(side_of_real="")): ("line 2", "side_of_real is ''"),
    table(row(correct=0)): ("line 2", "correct is '0' though it should be 1"),
    table(row(trial=0)): ("line 2", "trial is '0'"),
    table(row(trial="1.5")): ("line 2", "trial is '1.5'"),
    table(row(seed="-1")): ("line 2", "seed is '-1'"),
    table(row(response_ms="nan")): ("line 2", "response_ms is 'nan'"),
    table(row(response_ms="fast")): ("line 2", "response_ms is 'fast'"),
    table(row(timestamp="noon")): ("line 2", "timestamp is 'noon'"),
    table(row(participant=" ")): ("line 2", "participant is empty"),
    table(row(), "", row() + ",more"): ("line 4", "13 values for 12 columns"),
    table(row(method='"open')): ("line 2", "unexpected end of data"),
    table(): ("has no answers", "someone who answered"),
}


@pytest.fixture
def lichen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """The command line: one line of error with exit code 2, else the output."""
    monkeypatch.setitem(cli.COMMANDS, "trial", ("trial:trial", ""))

    def call(*arguments: str, fails: bool = False) -> str:
        monkeypatch.setattr(sys, "argv", ["lichen", "trial", *arguments])
        if not fails:
            cli.main()
            return capsys.readouterr().out
        with pytest.raises(SystemExit) as left:
            cli.main()
        message = capsys.readouterr().err
        assert left.value.code == 2
        assert re.fullmatch(r"lichen: error: [^\n]+; [^\n]+\n", message), message
        return message

    return call


@pytest.mark.parametrize("text", MALFORMED, ids=[" ".join(v) for v in MALFORMED.values()])
def test_malformed_answers_are_one_line(place: Path, lichen: Callable[..., str], text: str) -> None:
    Path("a.csv").write_text(text)
    message = lichen("--score", "a.csv", fails=True)
    for part in MALFORMED[text]:
        assert part in message


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "no picture"),
        (["photo.png"], "no result"),
        (["photo.png", "absent.png"], "absent.png does not exist"),
        (["photo.png", "text.png"], "not a picture"),
        (["photo.png", "clear.png"], "transparent pixels"),
        (["photo.png", "secret.png"], "photo.png is 80x64, smaller than a crop of 96"),
        (["photo.png", "secret.png", "--crop", "41"], "use --crop 40 or less"),
        (["photo.png", "secret.png", "--crop", "7"], "use 8 or more"),
        (["photo.png", "secret.png", "--trials", "0"], "trials = 0"),
        (["photo.png", "secret.png", "--exposure", "100"], "200 ms or more, or 0"),
        (["photo.png", "secret.png", "--seed", "-1"], "seed = -1"),
        (["photo.png", "secret.png", "secret.png", "--crop", "20"], "2 results are named secret"),
        (["photo.png", "secret.png", "--crop", "20", "-o", "photo.png"], "overwritten"),
        (["photo.png", "secret.png", "--crop", "20", "-o", "page.txt"], "suffix .html"),
        (["photo.png", "secret.png", "--crop", "20", "-o", "no/page.html"], "does not exist"),
        (["photo.png", "--score", "a.csv"], "photo.png and --score"),
        (["--score", "a.csv"], "a.csv cannot be read"),
        (["--score", "latin.csv"], "not a CSV file in UTF-8"),
    ],
)
def test_wrong_input_is_one_line(
    place: Path, lichen: Callable[..., str], arguments: list[str], says: str
) -> None:
    Path("text.png").write_text("not a picture")
    Path("latin.csv").write_bytes(b"\xe4")
    Image.new("RGBA", (64, 64), (1, 2, 3, 255)).save("clear.png")
    with Image.open("clear.png") as clear:
        clear.putpixel((3, 3), (0, 0, 0, 0))
        clear.save("clear.png")
    assert says in lichen(*arguments, fails=True)
    assert not Path("trial.html").exists()


def test_scores_on_the_command_line(place: Path, lichen: Callable[..., str]) -> None:
    Path("a.csv").write_text(table(*(row(trial=i + 1) for i in range(10))))
    Path("b.csv").write_text(table(row(), row(participant="ben", answer="right", exposure_ms=0)))
    lines = lichen("--score", "a.csv", "--score", "b.csv").splitlines()
    assert re.split(r"\s{2,}", lines[1]) == [
        "m", "10", "11", "90.9 %", "62.3 to 98.4 %", "0.0117", "700 ms",
    ]  # fmt: skip
    assert "participants: 2" in lines[-1]
    assert "shown: without limit, 1000 ms; repeated answers left out: 1" in lines[-1]


# ---- in a real browser -----------------------------------------------------------------------


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
    opened: Any, place: Path, lichen: Callable[..., str]
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


def test_always_left_is_right_half_of_the_time(opened: Any, place: Path) -> None:
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


def test_crops_are_enlarged_pixels_then_noise(opened: Any, place: Path) -> None:
    write(exposure=400)
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


def test_exposure_in_real_time(opened: Any, place: Path) -> None:
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
def test_factor_is_whole_screen_pixels(opened: Any, place: Path, ratio: float) -> None:
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


def test_too_small_a_window_waits(opened: Any, place: Path) -> None:
    write(crop=32)
    page = opened(viewport={"width": 70, "height": 500})
    begin(page, practise=False)
    assert "too small" in page.locator("#size-note").inner_text()
    assert page.locator("#stage").is_hidden()
    page.set_viewport_size({"width": 900, "height": 700})
    page.get_by_role("button", name="Go on").click()
    run_to_crops(page)
    assert page.locator("#size-note").is_hidden()


def test_keys_that_must_not_answer(opened: Any, place: Path) -> None:
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


def test_names_of_methods_are_never_on_the_screen(opened: Any, place: Path) -> None:
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


def test_a_bad_participant_is_told(opened: Any, place: Path) -> None:
    write()
    page = opened()
    page.get_by_label("Participant").fill("=1+1")
    page.keyboard.press("Enter")
    assert page.locator("#start").is_visible()
    assert "only letters" in page.locator("#participant-hint").inner_text()
    page.get_by_label("Participant").fill("")
    page.keyboard.press("Enter")
    assert re.fullmatch("p[a-z0-9]{6}", page.evaluate("kept.current"))


def test_errors_are_lichen_errors(place: Path) -> None:
    with pytest.raises(LichenError):
        read_answers([place])
