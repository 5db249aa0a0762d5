"""The report card from the command line: compare, --best-of, --report, same."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lichen.errors import LichenError
from lichen.image import read_image, write_image
from lichen.quality.card import compare
from lichen.quality.figures import FIGURES
from lichen.result import read_provenance

CHEAP = ["-m", "gatys", "--network", "pixels", "--iterations", "2", "-q"]
Call = Callable[..., str]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exemplars_dir: Path) -> Path:
    photo = read_image(exemplars_dir / "cellular" / "nuts_ps.png").pixels
    write_image(tmp_path / "photo.png", photo[:96, :80])
    write_image(tmp_path / "other.png", photo[100:196, 100:180])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_compare_prints_a_table_and_writes_a_page(place: Path, call: Call) -> None:
    text = call("compare", "photo.png", "other.png", "photo.png", "-o", "page.html")
    for group in ("fidelity", "innovation", "tileability", "structure"):
        assert group in text
    assert Path("page.html").read_text().startswith("<!doctype html>")


def test_compare_gives_every_figure_as_json(place: Path, call: Call) -> None:
    found = json.loads(call("compare", "--json", "photo.png", "photo.png"))
    figures = found["results"][0]["figures"]
    assert set(figures) == set(FIGURES)
    assert figures["copied fraction"]["value"] == 1
    assert figures["copied fraction"]["score"] == pytest.approx(1)
    assert set(found["anchors"]) >= {"half", "random phase", "copy", "tiled copy", "blurred copy"}
    assert not list(Path().glob("*.html"))


def test_a_method_is_not_ranked_by_what_it_optimizes(place: Path, call: Call) -> None:
    call("synthesize", "photo.png", "-o", "new.png", *CHEAP)
    card = compare("photo.png", "new.png").cards[0]
    assert card.method == "gatys"
    assert card.figures["colour histogram"].optimized
    assert not card.figures["portilla-simoncelli"].optimized
    other = compare("photo.png", "other.png").cards[0]
    assert not any(figure.optimized for figure in other.figures.values())
    counted = [
        min(max(figure.score, 0), 2)
        for name, figure in card.figures.items()
        if FIGURES[name].group == "fidelity" and figure.score is not None and not figure.optimized
    ]
    assert card.groups["fidelity"] == pytest.approx(np.mean(counted))


def test_best_of_keeps_the_best_by_the_card(place: Path, call: Call) -> None:
    text = call("synthesize", "photo.png", "-o", "best.png", "--best-of", "3", *CHEAP[:-1])
    assert sorted(path.name for path in Path().glob("best*")) == ["best.png"]
    candidates = []
    for seed in range(3):
        name = f"one{seed}.png"
        call("synthesize", "photo.png", "-o", name, "--seed", str(seed), *CHEAP)
        candidates.append(name)
    scores = [card.score for card in compare("photo.png", *candidates).cards]
    best = int(np.argmin(scores))
    assert read_provenance("best.png").seed == best
    np.testing.assert_array_equal(
        read_image("best.png").pixels, read_image(f"one{best}.png").pixels
    )
    assert f"seed {best}" in text


def test_best_of_with_seeds_in_names_and_records_beside(place: Path, call: Call) -> None:
    call("synthesize", "photo.png", "-o", "b_{seed}.tif", "--best-of", "2", "-n", "2", *CHEAP)
    kept = sorted(path.name for path in Path().glob("b_*"))
    seeds = [read_provenance(name).seed for name in kept if name.endswith(".tif")]
    assert len(kept) == 4
    assert seeds[0] in (0, 1)
    assert seeds[1] in (2, 3)
    assert kept == sorted(f"b_{seed}.tif{end}" for seed in seeds for end in ("", ".json"))


def test_best_of_several_under_one_name_is_refused(place: Path, call: Call) -> None:
    with pytest.raises(LichenError, match="several pictures one name"):
        call("synthesize", "photo.png", "-o", "best.png", "--best-of", "2", "-n", "2", *CHEAP)


def test_report_is_written_beside_the_pictures(place: Path, call: Call) -> None:
    call("synthesize", "photo.png", "-o", "r_{seed}.png", "-n", "2", "--report", *CHEAP)
    page = Path("r_0.html").read_text()
    assert "r_0" in page
    assert "r_1" in page
    assert "Diversity" in page


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["compare", "small.png", "photo.png"], "at least 64x64"),
        (["compare", "photo.png", "small.png"], "at least 64x64"),
        (["compare", "photo.png", "missing.png"], "missing.png"),
        (["compare", "photo.png", "text.png"], "text.png"),
        (["compare", "photo.png", "other.png", "-o", "no/where.html"], "no"),
        (["synthesize", "small.png", "--best-of", "2"], "at least 64x64"),
        (["synthesize", "photo.png", "--report", "--size", "40"], "at least 64x64"),
        (["synthesize", "photo.png", "--best-of", "2", "--video", "a.gif"], "--best-of"),
        (["same", "photo.png", "missing.png"], "missing.png"),
    ],
)
def test_bad_input_is_one_line(place: Path, arguments: list[str], says: str, call: Call) -> None:
    write_image("small.png", read_image("photo.png").pixels[:40])
    Path("text.png").write_text("not a picture")
    before = sorted(Path().iterdir())
    with pytest.raises(LichenError) as caught:
        call(*arguments)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sorted(Path().iterdir()) == before
