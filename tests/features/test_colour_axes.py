"""Axes of colour: uncorrelated planes of unit variance and back, and their histograms as phi."""

from __future__ import annotations

import pytest
import torch

from lichen.features.colour_axes import FAINTEST, ColourAxes, PrincipalColours
from lichen.nn.border import REFLECT
from lichen.statistics.histogram import Histogram


def picture(n_channels: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    independent = torch.rand((n_channels, 30, 40), generator=generator, dtype=torch.float64)
    mixing = torch.rand((n_channels, n_channels), generator=generator, dtype=torch.float64)
    return torch.einsum("ij,jhw->ihw", mixing, independent)


@pytest.mark.parametrize("n_channels", [1, 3, 5])
def test_planes_are_uncorrelated_and_of_unit_variance(n_channels: int) -> None:
    image = picture(n_channels)
    planes = ColourAxes.of(image).planes(image)
    flat = planes.flatten(1)
    torch.testing.assert_close(flat.mean(1), torch.zeros(n_channels).double())
    covariance = torch.cov(flat, correction=0).reshape(n_channels, n_channels)
    torch.testing.assert_close(covariance, torch.eye(n_channels).double())


def test_colours_come_back() -> None:
    axes = ColourAxes.of(picture())
    other = torch.rand(2, 3, 8, 9, dtype=torch.float64)
    torch.testing.assert_close(axes.image(axes.planes(other)), other)


def test_the_first_plane_is_bright_where_the_picture_is() -> None:
    grey = picture(1)
    image = grey * torch.tensor([0.9, 1.0, 0.8]).view(3, 1, 1) + 0.05 * picture()
    first = ColourAxes.of(image).planes(image)[0]
    assert torch.corrcoef(torch.stack([first.flatten(), grey.flatten()]))[0, 1] > 0.99


def test_grey_stored_as_colour_has_one_plane() -> None:
    grey = picture(1)
    axes = ColourAxes.of(grey.expand(3, -1, -1))
    assert axes.deviations.shape == (1,)
    back = axes.image(axes.planes(grey.expand(3, -1, -1)))
    torch.testing.assert_close(back, grey.expand(3, -1, -1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_flat_picture_keeps_its_colour(dtype: torch.dtype) -> None:
    image = torch.tensor([0.3, 0.5, 0.1], dtype=dtype).view(3, 1, 1).expand(3, 7, 7)
    axes = ColourAxes.of(image)
    assert float(axes.planes(image).abs().max()) < 1e-6
    torch.testing.assert_close(axes.image(axes.planes(image)), image)


def test_pixels_serve_as_well_as_a_picture() -> None:
    image = picture()
    one, other = ColourAxes.of(image[None]), ColourAxes.of(image.flatten(1))
    torch.testing.assert_close(one.directions, other.directions)
    torch.testing.assert_close(one.deviations, other.deviations)


def brown(generator: torch.Generator) -> torch.Tensor:
    """Colours (1, 3, 64, 64) of one hue, its brightness varying, and a little of the others."""
    along = torch.randn((1, 1, 64, 64), generator=generator)
    faint = 0.01 * torch.randn((1, 3, 64, 64), generator=generator)
    return 0.5 + 0.15 * along * torch.tensor([0.8, 0.5, 0.33]).view(1, 3, 1, 1) + faint


def test_the_axes_of_phi_are_uncorrelated_and_of_known_variance() -> None:
    image = brown(torch.Generator().manual_seed(0)).double()
    features = PrincipalColours.of(image[0].flatten(1))
    turned = features(image, ["colours"], REFLECT)["colours"][0].flatten(1)
    covariance = torch.cov(turned, correction=0)
    values = torch.linalg.eigvalsh(torch.cov(image[0].flatten(1), correction=0))
    floor = FAINTEST**2 * values[-1]
    expected = torch.diag(values / values.clamp(min=float(floor)))
    torch.testing.assert_close(covariance, expected, atol=1e-9, rtol=1e-9)
    assert turned.mean(1).abs().max() < 1e-9


def test_noise_in_all_hues_has_the_histograms_and_is_seen() -> None:
    """Each channel shuffled alone: red, green and blue keep their histograms, hues do not."""
    generator = torch.Generator().manual_seed(1)
    image = brown(generator)
    features = PrincipalColours.of(image[0].flatten(1))
    shuffled = torch.stack(
        [c.flatten()[torch.randperm(c.numel(), generator=generator)].view_as(c) for c in image[0]]
    )[None]
    plain, hues = Histogram(), Histogram()
    assert float(plain.loss(shuffled, plain.target(image))) < 1e-9
    target = hues.target(features(image, ["colours"], REFLECT)["colours"])
    seen = float(hues.loss(features(shuffled, ["colours"], REFLECT)["colours"], target))
    assert seen / hues.energy(target) > 0.1


@pytest.mark.parametrize("channels", [1, 3])
def test_grey_and_flat_pictures_stay_finite(channels: int) -> None:
    image = torch.full((1, 3, 8, 8), 0.4)
    features = PrincipalColours.of(image[0, :channels].flatten(1))
    found = features(image + 0.1, ["colours"], REFLECT)["colours"]
    assert torch.isfinite(found).all()
