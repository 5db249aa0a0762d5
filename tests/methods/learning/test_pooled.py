"""The pooled descriptor: its means are reached, positions do not matter, structure is lost."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from lichen import registry
from lichen.arrays import Array
from lichen.faces.python import iterate, synthesize
from lichen.features.load import load_features
from lichen.features.standardized import Standardized
from lichen.nn.tensor import to_tensor
from lichen.statistics.gram import gram


def waves() -> Array:
    rows, columns = np.mgrid[:40, :48]
    noise = np.random.default_rng(0).normal(0, 0.05, (40, 48, 3))
    wave = 0.25 * np.sin(2 * np.pi * (rows + columns) / 8)[..., None]
    return np.clip(np.array([0.6, 0.45, 0.3]) + wave + noise, 0, 1).astype(np.float32)


def code(exemplar: Array, picture: Array, layer: str) -> NDArray[np.float64]:
    """Maps (C, H', W') of a picture, seen as the method sees it."""
    network = load_features("encoder", precision="float32")
    seen = Standardized.of(network, to_tensor(exemplar)[0].flatten(1))
    with torch.no_grad():
        maps = seen(to_tensor(picture), [layer], ("reflect", "reflect"))[layer]
    return maps[0].double().numpy()


def test_the_means_of_the_code_become_the_exemplars() -> None:
    exemplar = waves()
    made = synthesize(exemplar, method="pooled", size=(32, 56), iterations=60, seed=1).image
    wanted = code(exemplar, exemplar, "relu4_2").mean((1, 2))
    found = code(exemplar, made, "relu4_2").mean((1, 2))
    away = code(exemplar, np.full_like(made, 0.5), "relu4_2").mean((1, 2))
    assert np.linalg.norm(found - wanted) < 0.01 * np.linalg.norm(wanted)
    assert np.linalg.norm(away - wanted) > 0.2 * np.linalg.norm(wanted)


def test_further_layers_are_met_when_they_are_named() -> None:
    exemplar = waves()
    settings = {"layers": ["relu1_1", "relu2_2"], "iterations": 60, "levels": 1}
    made = synthesize(exemplar, method="pooled", seed=1, **settings).image
    for layer in settings["layers"]:
        wanted, found = (code(exemplar, p, layer).mean((1, 2)) for p in (exemplar, made))
        assert np.linalg.norm(found - wanted) < 0.03 * np.linalg.norm(wanted)


def test_positions_do_not_matter(rng: np.random.Generator) -> None:
    exemplar = waves()
    shuffled = rng.permutation(exemplar.reshape(-1, 3)).reshape(exemplar.shape)
    pixels = {"network": "pixels", "standardize": False, "levels": 1, "iterations": 2}
    first = next(iter(iterate(exemplar, method="pooled", init=shuffled, **pixels)))
    assert first.losses["total"] < 1e-10
    assert np.abs(first.image - shuffled).max() < 1e-4  # there was nothing to optimize
    brighter = np.clip(shuffled + 0.1, 0, 1)
    first = next(iter(iterate(exemplar, method="pooled", init=brighter, **pixels)))
    assert first.losses["total"] > 1e-6 or np.abs(first.image - brighter).max() > 0.01


def test_means_leave_the_gram_matrices_of_the_same_layers_apart() -> None:
    exemplar = waves()
    layers = ["relu1_2", "relu2_2"]
    common = {"layers": layers, "iterations": 40, "levels": 1, "seed": 1}
    pooled = synthesize(exemplar, method="pooled", **common).image
    plain = {"statistic": "gram", "means_weight": 0.0, "colour_weight": 0.0, "spectrum_weight": 0.0}
    matched = synthesize(exemplar, method="gatys", **plain, **common).image

    def distance(picture: Array) -> float:
        apart = 0.0
        for layer in layers:
            wanted, found = (
                gram(torch.from_numpy(code(exemplar, p, layer))[None]) for p in (exemplar, picture)
            )
            apart += float((found - wanted).norm() / wanted.norm())
        return apart

    assert distance(pooled) > 3 * distance(matched)


def test_a_grey_or_masked_exemplar_is_taken() -> None:
    grey = waves()[..., :1]
    assert synthesize(grey, method="pooled", iterations=2).image.shape == (40, 48, 1)
    mask = np.ones((40, 48), bool)
    mask[:, 30:] = False
    spoiled = waves()
    spoiled[:, 30:] = (0, 1, 0)
    made = synthesize(spoiled, mask=mask, method="pooled", iterations=30, levels=1).image
    assert spoiled[..., 1].mean() > 0.6
    assert made[..., 1].mean() == pytest.approx(spoiled[:, :30, 1].mean(), abs=0.1)


def test_one_number_per_channel_is_counted() -> None:
    assert registry.method("pooled").configure().count_statistics() == {"relu4_2": 256}
    named = registry.method("pooled").configure(layers=["relu1_1", "relu2_1"])
    assert list(named.count_statistics()) == ["relu1_1", "relu2_1"]
