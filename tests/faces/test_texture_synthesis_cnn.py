"""The class that many know."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import lichen
from lichen.errors import LichenError
from lichen.image import read_image, write_image


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    write_image(tmp_path / "pebbles.png", np.random.default_rng(0).random((32, 24, 3), np.float32))
    return tmp_path / "pebbles.png"


def test_the_familiar_calls(photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synthesis = lichen.TextureSynthesisCNN(tex_exemplar_path=photo, network="pixels")
    noise = synthesis.output_image
    assert noise.shape == (32, 24, 3)
    assert noise.std() == pytest.approx(1 / 12**0.5, rel=0.1)  # uniform
    shown: list[object] = []
    monkeypatch.setattr("PIL.Image.Image.show", lambda self: shown.append(self))
    synthesis.synthesize_texture(num_epochs=3, display_when_done=True)
    assert len(shown) == 1
    first = synthesis.output_image
    assert not np.array_equal(first, noise)
    before = synthesis.result
    synthesis.optimize(num_epochs=4)
    assert before is not None
    assert synthesis.result is not None
    assert synthesis.result.provenance.losses["total"] <= before.provenance.losses["total"]
    monkeypatch.chdir(tmp_path)
    synthesis.save_textures()
    assert np.allclose(read_image("results/exemplar_pebbles.png").pixels, read_image(photo).pixels)
    saved = read_image("results/synth_pebbles.png").pixels
    assert np.abs(saved - synthesis.output_image).max() < 0.5 / 255 + 1e-6


def test_optimize_from_noise_and_saving_noise(photo: Path, tmp_path: Path) -> None:
    synthesis = lichen.TextureSynthesisCNN(photo, network="pixels")
    synthesis.save_textures(tmp_path / "early")
    assert read_image(tmp_path / "early" / "synth_pebbles.png").pixels.shape == (32, 24, 3)
    assert synthesis.optimize(2).provenance.steps == 2


def test_mistakes_are_heard_at_once(photo: Path) -> None:
    with pytest.raises(LichenError, match="no parameter"):
        lichen.TextureSynthesisCNN(photo, netwrok="pixels")
    with pytest.raises(LichenError, match="does not exist"):
        lichen.TextureSynthesisCNN("nowhere.png")
