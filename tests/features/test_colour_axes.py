"""Axes of colour: uncorrelated planes of unit variance, and back."""

from __future__ import annotations

import pytest
import torch

from lichen.features.colour_axes import ColourAxes


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
