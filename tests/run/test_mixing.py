"""Mixtures: what their weights do, strips, random weights, grey with colour, bad weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import lichen
from lichen.canvas import Canvas
from lichen.errors import ImageError, LichenError, NotHonouredError, ParameterError
from lichen.exemplar import Exemplar
from lichen.faces.python import finish
from lichen.features.pixels import Pixels
from lichen.image import write_image
from lichen.methods.learning.gatys import Gatys
from lichen.nn.tensor import to_tensor
from lichen.run.loop import GAP, Run
from lichen.run.mixture import random_weights
from lichen.run.rerun import rerun
from lichen.run.verbs import mix, strip
from lichen.solve.objective import Example, Objective, Term
from lichen.statistics.gram import Gram
from lichen.statistics.histogram import Histogram
from lichen.statistics.means import Means
from running import run_of

Array = NDArray[np.float32]
CHEAP = {"network": "pixels", "iterations": 5, "levels": 1}


def flat(seed: int, colour: tuple[float, ...], size: tuple[int, int] = (28, 24)) -> Array:
    """Noise about a colour."""
    noise = np.random.default_rng(seed).normal(0, 0.08, (*size, len(colour)))
    return np.clip(np.array(colour) + noise, 0, 1).astype(np.float32)


RED, BLUE = flat(0, (0.7, 0.3, 0.2)), flat(1, (0.2, 0.3, 0.7), (32, 40))


@pytest.mark.parametrize(
    "method", ["gatys", "objective", "sliced_wasserstein", "deep_correlations"]
)
def test_a_weight_of_one_makes_the_single_textures_bytes(method: str) -> None:
    how = {"method": method, "iterations": 3, "size": (28, 24), "seed": 2}
    if method != "sliced_wasserstein":  # which needs none
        how["network"] = "pixels"
    for weights, exemplar in (((1, 0), RED), ((0, 3), BLUE)):
        mixed = lichen.mix([RED, BLUE], weights, progress=False, **how)
        alone = lichen.synthesize(exemplar, progress=False, **how)
        assert mixed.image.tobytes() == alone.image.tobytes()


def test_nearly_one_is_nearly_the_same() -> None:
    """So the above is no matter of leaving a texture out."""
    how = {**CHEAP, "progress": False, "seed": 2, "iterations": 2}
    one, nearly = (lichen.mix([RED, BLUE], (1, share), **how).image for share in (0, 1e-6))
    assert np.abs(one - nearly).mean() < 1e-3


def test_colours_go_from_one_to_the_other_and_beyond() -> None:
    means = []
    for share in (-0.2, 0.0, 0.25, 0.5, 1.0):
        mixed = lichen.mix([RED, BLUE], (1 - share, share), progress=False, **CHEAP)
        means.append(mixed.image.mean((0, 1)))
        wanted = (1 - share) * RED.mean((0, 1)) + share * BLUE.mean((0, 1))
        np.testing.assert_allclose(means[-1], wanted.clip(0, 1), atol=0.02)
    assert np.all(np.diff([mean[2] for mean in means]) > 0)


def test_equal_when_no_weights_are_given_and_whatever_their_sum() -> None:
    first, *others = (
        lichen.mix([RED, BLUE], weights, progress=False, **CHEAP).image
        for weights in (None, (0.5, 0.5), (8, 8))
    )
    for other in others:
        assert np.array_equal(first, other)


def test_several_examples_together_are_an_equal_mixture() -> None:
    how = {**CHEAP, "method": "gatys", "progress": False}
    together = lichen.synthesize(RED, also=[BLUE], **how)
    assert np.array_equal(together.image, lichen.mix([RED, BLUE], **how).image)
    assert len(together.provenance.job.inputs["exemplar"]) == 2


def test_a_picture_of_exactly_the_mixed_statistics_has_no_loss() -> None:
    """Half of each: the mixed Gram matrix and means; values halfway: the mixed histograms."""
    one, other = RED[:, :24], BLUE[:28, :24]
    halves = to_tensor(np.concatenate([one, other]))
    ranked = [np.sort(picture.reshape(-1, 3), axis=0) for picture in (one, other)]
    halfway = to_tensor((0.5 * (ranked[0] + ranked[1])).reshape(28, 24, 3).astype(np.float32))
    examples = [Example(to_tensor(one), weight=0.5), Example(to_tensor(other), weight=0.5)]
    layers = {"pixels": 1.0}

    def loss(picture: torch.Tensor, *statistics: object) -> float:
        terms = [Term("a term", Pixels(), statistic, layers) for statistic in statistics]  # type: ignore[arg-type]
        return float(Objective(terms, examples)(picture)[0])

    assert loss(halves, Gram(), Means()) < 1e-10 < 1e-3 < loss(halves, Histogram())
    assert loss(halfway, Histogram(), Means()) < 1e-10 < 1e-4 < loss(halfway, Gram())


def test_masks_are_each_exemplars_own() -> None:
    spoilt = RED.copy()
    spoilt[:10] = (0, 1, 0)
    mask = np.ones(RED.shape[:2], bool)
    mask[:10] = False
    masked = Exemplar.from_array(spoilt, mask)
    mixed = finish(mix([BLUE, masked], (1, 1), **CHEAP), progress=False).image
    cleaned = finish(mix([BLUE, RED[10:]], (1, 1), **CHEAP), progress=False).image
    np.testing.assert_allclose(mixed.mean((0, 1)), cleaned.mean((0, 1)), atol=0.02)
    assert mixed[..., 1].max() < 0.8


def test_grey_and_coloured_are_mixed_in_colour_and_made_again(tmp_path: Path) -> None:
    write_image(tmp_path / "grey.png", flat(2, (0.5,)))
    write_image(tmp_path / "red.png", RED)
    files = [tmp_path / "grey.png", tmp_path / "red.png"]
    saved = lichen.mix(files, (0.5, 0.5), progress=False, **CHEAP).save(tmp_path / "out.png")
    run, record = rerun(saved)
    again = finish(run, progress=False)
    assert again.image.shape == (28, 24, 3)
    assert np.ptp(again.image.mean((0, 1))) > 0.05
    assert again.provenance.essentials() == record.essentials()
    again.save(tmp_path / "again.png")
    assert np.array_equal(
        lichen.read_image(saved).pixels, lichen.read_image(tmp_path / "again.png").pixels
    )
    grey = lichen.mix([files[0], flat(3, (0.2,))], progress=False, **CHEAP)
    assert grey.image.shape == (28, 24, 1)


def test_grey_and_coloured_examples_are_copied_from_in_colour() -> None:
    grey = flat(2, (0.5,), (32, 32))
    made = lichen.synthesize(grey, also=[flat(0, (0.7, 0.3, 0.2))], progress=False)
    assert made.image.shape == (32, 32, 3)


def test_a_strip_is_its_mixtures_in_a_row() -> None:
    row = lichen.strip([RED, BLUE], 3, seed=4, progress=False, **CHEAP).image
    assert row.shape == (28, 3 * 24 + 2 * GAP, 3)
    for number, weights in enumerate(((1, 0), (0.5, 0.5), (0, 1))):
        one = lichen.mix([RED, BLUE], weights, seed=4, progress=False, **CHEAP).image
        left = number * (24 + GAP)
        assert np.array_equal(row[:, left : left + 24], one)
    assert (row[:, 24 : 24 + GAP] == 1).all()


def test_a_strip_says_how_far_it_is() -> None:
    fractions = [step.fraction for step in Run(strip([RED, BLUE], 2, **CHEAP))]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    stopped = Run(strip([RED, BLUE], 2, **CHEAP))
    next(iter(stopped))
    assert stopped.result().image.shape == (28, 2 * 24 + GAP, 3)


def test_random_weights_are_uniform_on_the_simplex_and_reach_beyond_it() -> None:
    for n, beyond in ((2, 0.0), (3, 0.0), (2, 0.3), (4, 0.6)):
        drawn = np.array([random_weights(n, seed, beyond) for seed in range(400)])
        np.testing.assert_allclose(drawn.sum(1), 1, atol=1e-9)
        assert drawn.min() >= -beyond / (n - 1) - 0.01
        assert drawn.max() <= 1 + beyond + 0.01
        np.testing.assert_allclose(drawn.mean(0), 1 / n, atol=0.08)
        # Of Dirichlet(1, ..., 1): (n - 1) / (n^2 (n + 1)), times the square of the enlargement.
        variance = (n - 1) / (n**2 * (n + 1)) * (1 + n * beyond / (n - 1)) ** 2
        np.testing.assert_allclose(drawn.var(0), variance, rtol=0.3)
    assert random_weights(3, 5) == random_weights(3, 5) != random_weights(3, 6)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ((1, -1), "sum to more than 0"),
        ((0, 0), "sum to more than 0"),
        ((-1, -2), "sum to more than 0"),
        ((1, float("nan")), "sum to more than 0"),
        ((1, float("inf")), "sum to more than 0"),
        ((1, 1, 1), "3 weights for 2 exemplars"),
        ((1,), "1 weights for 2 exemplars"),
    ],
)
def test_bad_weights(weights: tuple[float, ...], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        Run(mix([RED, BLUE], weights))


def test_what_cannot_be_mixed() -> None:
    with pytest.raises(ParameterError, match="two or more"):
        mix([RED])
    with pytest.raises(NotHonouredError, match="use `method` gatys"):
        mix([RED, BLUE], method="patchmatch")
    with pytest.raises(ParameterError, match="not 3"):
        strip([RED, BLUE, RED])
    with pytest.raises(ParameterError, match="2 or more"):
        strip([RED, BLUE], 1)
    with pytest.raises(ParameterError, match="sets the weights itself"):
        strip([RED, BLUE], mix=(1, 2))
    with pytest.raises(ParameterError, match="extrapolate"):
        random_weights(2, 0, -0.1)
    maps = Exemplar.from_array(RED).with_maps({"height": RED[..., :1]})
    with pytest.raises(ImageError, match="convert one of them"):
        mix([BLUE, maps])
    pair = [Exemplar.from_array(picture) for picture in (RED[..., :1], BLUE)]
    with pytest.raises(LichenError, match="channels"):
        run_of(Gatys.configure(**CHEAP), pair, Canvas((28, 24)))
