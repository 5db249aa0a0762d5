"""The human test: its command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image


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
        (["photo.png", "secret.png", "--trials", "0"], "--trials = 0"),
        (["photo.png", "secret.png", "--exposure", "100"], "200 ms or more, or 0"),
        (["photo.png", "secret.png", "--seed", "-1"], "--seed = -1"),
        (["photo.png", "secret.png", "secret.png", "--crop", "20"], "2 results are named secret"),
        (["photo.png", "secret.png", "--crop", "20", "-o", "photo.png"], "overwritten"),
        (["photo.png", "secret.png", "--crop", "20", "-o", "page.txt"], "name it with .html"),
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
