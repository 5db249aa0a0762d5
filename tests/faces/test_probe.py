"""``lichen probe``: files written whole, arrays beside them, errors of one line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lichen.errors import LichenError
from lichen.faces.cli.probe import probe
from lichen.faces.cli.probe.classics import CLASSICS
from lichen.image import read_image, write_image

Call = Callable[..., str]
PIXELS = ["--network", "pixels"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pixels = np.random.default_rng(0).random((72, 64, 3), np.float32)
    write_image(tmp_path / "photo.png", pixels)
    write_image(tmp_path / "new.png", pixels[::-1])
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "arrays"),
    [
        (["maps", "photo.png", "--layer", "pixels", *PIXELS], {"channels", "maps"}),
        (
            ["channels", "photo.png", "--layer", "pixels", *PIXELS],
            {"mean", "deviation", "maximum", "silent", "sparsity"},
        ),
        (["fingerprints", "photo.png", *PIXELS], {"pixels"}),
        (
            ["fingerprints", "photo.png", "new.png", *PIXELS],
            {"pixels_exemplar", "pixels_result"},
        ),
        (
            ["filters", "--layer", "pixels", "--channels", "0-1", "--iterations", "2", *PIXELS],
            {"pixels_directions", "pixels_images", "pixels_activation", "pixels_before"},
        ),
        (
            ["reconstruct", "photo.png", "--iterations", "2", "--crop", "16", *PIXELS],
            {"layers", "original", "images", "feature_loss", "psnr"},
        ),
        (
            ["spectrum", "photo.png", "new.png"],
            {"frequency", "radial", "spectrum", "autocorrelation"},
        ),
        (
            ["statistics", "photo.png", "new.png"],
            {
                *("marginals", "autocorrelation", "magnitudes", "phase"),
                *("marginals_labels", "autocorrelation_labels"),
                *("magnitudes_labels", "phase_labels"),
            },
        ),
        (
            ["starts", "photo.png", "--iterations", "1", "--crop", "20", *PIXELS],
            {"exemplar", "labels", "images", "n_statistics", "losses"},
        ),
    ],
)
def test_a_figure_and_its_arrays(
    place: Path, arguments: list[str], arrays: set[str], call: Call
) -> None:
    call("probe", *arguments, "-o", "figure.png", "--data", "arrays.npz")
    assert min(read_image("figure.png").pixels.shape[:2]) > 100
    with np.load("arrays.npz") as data:
        assert set(data) == arrays
    assert {path.name for path in place.iterdir()} - {"lichen-cache"} == {
        "photo.png", "new.png", "figure.png", "arrays.npz",
    }  # fmt: skip


def test_the_crop_is_central(place: Path, call: Call) -> None:
    call("probe", "maps", "photo.png", "--layer", "pixels", "--crop", "20", "--order", "index",
         *PIXELS, "--data", "a.npz")  # fmt: skip
    with np.load("a.npz") as data:
        centre = read_image("photo.png").pixels[26:46, 22:42]
        np.testing.assert_allclose(data["maps"], centre.transpose(2, 0, 1))


def test_a_network_of_ones_own_is_probed_by_its_file(place: Path, call: Call) -> None:
    call("train", "autoencoder", ".", "--patch", "32", "--steps", "1", "--batch", "1",
         "--widths", "4,6", "-o", "mine.safetensors")  # fmt: skip
    call("probe", "maps", "photo.png", "--layer", "relu2_1", "--network", "autoencoder",
         "--weights", "mine.safetensors", "--data", "a.npz")  # fmt: skip
    with np.load("a.npz") as data:
        assert data["maps"].shape == (6, 36, 32)


def test_a_video_begins_with_noise_and_has_all_iterations(place: Path, call: Call) -> None:
    call("probe", "video", "photo.png", "--iterations", "3", "--crop", "32", *PIXELS, "-o", "f.gif",
         "--data", "f.npz", "-q")  # fmt: skip
    with np.load("f.npz") as data:
        assert len(data["pixels"]) == 4
        assert data["pixels"][-1] < data["pixels"][0]
    with Image.open("f.gif") as video:
        assert video.n_frames == 4  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["maps", "photo.png", "--layer", "pixel", *PIXELS], "did you mean pixels?"),
        (["maps", "photo.png", "--layer", "relu1_1", "--network", "vgg9"], "vgg19"),
        (["maps", "gone.png", "--layer", "pixels", *PIXELS], "gone.png"),
        (["maps", "photo.png", "--layer", "pixels", *PIXELS, "-o", "photo.png"], "overwritten"),
        (["maps", "photo.png", "--layer", "pixels", *PIXELS, "-o", "a.txt"], "a.txt"),
        (["maps", "photo.png", "--layer", "pixels", *PIXELS, "-o", "no/a.png"], "does not exist"),
        (["maps", "photo.png", "--layer", "pixels", *PIXELS, "--data", "a.csv"], ".npz"),
        (["filters", "--layer", "pixels", "--channels", "7", *PIXELS], "0 to 2"),
        (["filters", "--layer", "pixels", "--channels", "a-b", *PIXELS], "0,3,8-11"),
        (["video", "photo.png", "-o", "video.txt"], "video.txt"),
    ],
)
def test_bad_input_is_one_line(place: Path, arguments: list[str], says: str, call: Call) -> None:
    before = sorted(place.iterdir())
    with pytest.raises(LichenError) as caught:
        call("probe", *arguments)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sorted(place.iterdir()) == before


@pytest.mark.parametrize("name", probe.commands)
def test_every_command_has_help_and_the_options_of_all(name: str, call: Call) -> None:
    shown = call("probe", name, "--help")
    for option in ("--output", "--data", "--quiet"):
        assert option in shown
    assert ("--device" in shown) == (name not in ("spectrum", "statistics"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["maps", "photo.png", "--layer", "pixels", *PIXELS],
        ["fingerprints", "photo.png", *PIXELS],
        ["reconstruct", "photo.png", "--iterations", "1", "--crop", "16", *PIXELS],
        ["statistics", "photo.png"],
    ],
)
def test_what_was_written_is_said_unless_quiet(
    place: Path, arguments: list[str], call: Call
) -> None:
    assert call("probe", *arguments, "-o", "figure.png") == "figure.png\n"
    assert call("probe", *arguments, "-o", "figure.png", "--quiet") == ""


def test_the_page_shows_every_command_and_its_pictures_are_there() -> None:
    docs = Path(__file__).parents[2] / "docs"
    page = (docs / "probe.md").read_text("utf-8")
    named = set(re.findall(r"^lichen probe (\w+)", page, re.MULTILINE))
    assert named == set(probe.commands)
    for file in re.findall(r"\]\(([^)#]+)\)", page):
        assert (docs / file).stat().st_size < 150_000, file


def test_the_commands_of_the_classic_figures_are_all_there() -> None:
    from lichen.probe import CLASSICS as FIGURES

    assert set(FIGURES) == set(CLASSICS)
    assert set(FIGURES) <= set(probe.commands)
