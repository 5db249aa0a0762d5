from __future__ import annotations

from math import sqrt

import pytest
import torch
from torch import Tensor

from lichen.features.load import load_features
from lichen.networks.random_filters import (
    SIZES,
    RandomFilters,
    level_and_kernel,
    random_weights,
)

MEAN = torch.tensor([103.939, 116.779, 123.68]).view(3, 1, 1)


def by_loops(image: Tensor, weight: Tensor, level: int) -> Tensor:
    """Circular correlation and ReLU at one pyramid level, position by position."""
    x = 255 * image[0, [2, 1, 0]].double() - MEAN
    for _ in range(level):
        x = torch.cat([x, x[:, :1]], 1) if x.shape[1] % 2 else x  # an odd last row meets the first
        x = torch.cat([x, x[:, :, :1]], 2) if x.shape[2] % 2 else x
        x = (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4
    height, width = x.shape[1:]
    kernel, reach = weight.shape[2], weight.shape[2] // 2
    rolled = torch.zeros(weight.shape[0], height, width, dtype=torch.float64)
    for dy in range(kernel):
        for dx in range(kernel):
            seen = x.roll((reach - dy, reach - dx), (1, 2))
            rolled += torch.einsum("oc,chw->ohw", weight[:, :, dy, dx].double(), seen)
    return rolled.clamp(min=0)


@pytest.mark.parametrize("size", [(64, 80), (45, 77)])
def test_every_size_is_a_correlation_on_its_pyramid_level(size: tuple[int, int]) -> None:
    filters = RandomFilters(random_weights(1, maps=4))
    image = torch.rand((1, 3, *size), generator=torch.Generator().manual_seed(0))
    for name, maps in filters(image, filters.layers, ("circular", "circular")).items():
        level = level_and_kernel(int(name.removeprefix("filters")))[0]
        expected = by_loops(image, filters.weight(name), level)
        torch.testing.assert_close(maps[0].double(), expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("size", SIZES)
def test_a_filter_covers_about_its_size(size: int) -> None:
    level, kernel = level_and_kernel(size)
    assert kernel % 2 == 1
    assert kernel <= 7
    assert level == 0 or kernel > 3
    # An odd side at this level is 2^(level+1) pixels from the next one.
    assert abs(kernel * 2**level - size) <= 2**level


def test_weights_are_glorot_uniform_and_follow_the_seed() -> None:
    weights = random_weights(0)
    assert list(weights) == [f"filters{size}" for size in SIZES]
    for weight in weights.values():
        maps, colours, kernel, _ = weight.shape
        assert (maps, colours) == (128, 3)
        bound = sqrt(6 / ((maps + colours) * kernel**2))
        assert float(weight.abs().max()) <= bound
        assert float(weight.var()) == pytest.approx(bound**2 / 3, rel=0.1)
    again, other = random_weights(0), random_weights(1)
    assert all(torch.equal(weights[name], again[name]) for name in weights)
    assert not torch.equal(weights["filters3"], other["filters3"])
    assert random_weights(0, sizes=(11,), maps=363)["filters11"].shape[0] == 363


def test_the_loaded_network_names_its_seed() -> None:
    assert load_features("random-filters", seed=7, rescale=False).network == (
        "random-filters seed 7"
    )
