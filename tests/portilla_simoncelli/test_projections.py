"""Rounds of projections bring a picture to statistics, on any size, in grey and in colour."""

from __future__ import annotations

from itertools import islice

import pytest
import torch

from lichen.features.colour_axes import ColourAxes
from lichen.portilla_simoncelli.projections import project
from lichen.portilla_simoncelli.statistics import ColourStatistics, colour_statistics


def texture(size: tuple[int, int], n_planes: int = 1, seed: int = 0) -> torch.Tensor:
    """Planes of noise with edges that they share, uncorrelated and of unit variance."""
    values = torch.rand((n_planes, *size), generator=torch.Generator().manual_seed(seed))
    blurred = sum(values.roll(shift, (1, 2)) for shift in ((0, 0), (1, 0), (0, 1), (1, 1), (2, 1)))
    edges = (blurred > 2.7).float()
    image = edges + 0.5 * edges.roll(1, 0) + 0.3 * values**2
    return ColourAxes.of(image).planes(image)


def noise(size: tuple[int, int], n_planes: int = 1) -> torch.Tensor:
    return torch.randn((n_planes, *size), generator=torch.Generator().manual_seed(1))


def rounds(start: torch.Tensor, target: ColourStatistics, count: int) -> torch.Tensor:
    return next(islice(project(start, target), count - 1, None))


def errors(image: torch.Tensor, target: ColourStatistics, n_scales: int) -> dict[str, float]:
    """Root mean squares by group; without minimum and maximum, which need not be reached."""
    given, wanted = colour_statistics(image, n_scales).groups(), target.groups()
    found = {name: given[name] - wanted[name] for name in given}
    own = found["marginals"].view(len(image), -1)
    found["marginals"] = torch.cat([own[:, :4], own[:, 6:]], 1) / 3  # a kurtosis is 3 or more
    return {name: float(values.square().mean().sqrt()) for name, values in found.items()}


@pytest.mark.parametrize(
    ("size", "canvas", "n_planes", "n_scales"),
    [
        ((128, 128), (128, 128), 1, 3),
        ((120, 99), (131, 160), 1, 3),
        ((128, 96), (96, 128), 3, 2),
        ((64, 64), (150, 61), 2, 2),
    ],
)
def test_noise_gets_the_statistics(
    size: tuple[int, int], canvas: tuple[int, int], n_planes: int, n_scales: int
) -> None:
    target = colour_statistics(texture(size, n_planes), n_scales)
    start = noise(canvas, n_planes)
    before = errors(start, target, n_scales)
    after = errors(rounds(start, target, 25), target, n_scales)
    assert max(after.values()) < 0.02, after
    for name, error in after.items():
        assert error < 0.2 * before[name], name


def test_a_picture_of_these_statistics_stays() -> None:
    image = texture((96, 90), 3)
    made = rounds(image, colour_statistics(image, 2), 3)
    assert float((made - image).abs().max()) < 0.02  # of a deviation
    assert float((made - image).square().mean()) < 1e-6


def test_pixels_have_the_range_and_moments() -> None:
    target = colour_statistics(texture((100, 100)), 2)
    made = colour_statistics(rounds(noise((100, 100)), target, 10), 2).planes.pixels[0]
    wanted = target.planes.pixels[0]
    torch.testing.assert_close(made[:4], wanted[:4], rtol=0.05, atol=0.02)
    assert made[4] >= wanted[4]
    assert made[5] <= wanted[5]


def test_the_limit_holds_and_is_the_last() -> None:
    target = colour_statistics(texture((64, 64)), 2)
    limited = project(noise((64, 64)), target, limit=lambda planes: planes.clamp(max=0.5))
    assert float(next(limited).max()) <= 0.5


@pytest.mark.parametrize("n_planes", [1, 2])
def test_a_flat_exemplar_makes_a_flat_picture(n_planes: int) -> None:
    target = colour_statistics(torch.full((n_planes, 64, 64), 0.3), 2)
    made = rounds(noise((64, 80), n_planes), target, 2)
    torch.testing.assert_close(made, torch.full_like(made, 0.3), rtol=0, atol=1e-4)


def test_float64_goes_the_same_way() -> None:
    image, start = texture((64, 64)), noise((64, 64))
    one = rounds(start, colour_statistics(image, 2), 2)
    other = rounds(start.double(), colour_statistics(image.double(), 2), 2)
    assert other.dtype == torch.float64
    assert float((one - other).square().mean().sqrt()) < 1e-2
