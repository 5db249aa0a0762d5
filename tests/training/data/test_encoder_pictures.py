"""The made pictures: reproducible, in range, telling apart, wrapping where they should."""

from __future__ import annotations

import numpy as np
import pytest

from lichen.training.data.canvas_noise import SIDE, coloured_noise
from lichen.training.data.encoder_pictures import made_picture, photographs, training_pictures
from lichen.training.data.made_textures import FAMILIES
from lichen.training.step import TrainStep


@pytest.mark.parametrize("family", range(len(FAMILIES)))
def test_a_seed_is_a_picture(family: int) -> None:
    first, again, other = (made_picture(family + len(FAMILIES) * k) for k in (5, 5, 6))
    assert first.shape == (SIDE, SIDE, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.std() > 1


def test_noise_has_the_spectrum_asked_for() -> None:
    """The slope of log power against log frequency is -2 * exponent."""
    noise = coloured_noise(np.random.default_rng(0), exponent=1.0)
    power = np.abs(np.fft.fft2(noise)) ** 2
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(SIDE), np.fft.fftfreq(SIDE)))
    band = (frequency > 0.02) & (frequency < 0.45)
    slope = np.polyfit(np.log(frequency[band]), np.log(power[band]), 1)[0]
    assert slope == pytest.approx(-2, abs=0.1)


def test_photographs_are_large_enough_and_no_exemplars() -> None:
    pictures = photographs()
    assert len(pictures) == 14
    assert all(min(picture.shape[:2]) >= SIDE and picture.shape[2] == 3 for picture in pictures)


def read(n_made: int, seed: int) -> tuple[list[TrainStep], list[np.ndarray]]:
    """Steps and pictures."""
    making, steps = training_pictures(n_made, seed), []
    while True:
        try:
            steps.append(next(making))
        except StopIteration as end:
            return steps, end.value


def test_training_pictures_are_photographs_then_made_ones() -> None:
    steps, pictures = read(3, seed=1)
    assert len(pictures) == 17
    assert [step.step for step in steps] == [1, 2, 3]
    assert not np.array_equal(read(3, seed=2)[1][-1], pictures[-1])
