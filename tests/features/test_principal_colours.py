"""Colour axes: the exemplar's covariance on them is known, and noise in all hues is not its own."""

from __future__ import annotations

import pytest
import torch

from lichen.features.colour_axes import FAINTEST, PrincipalColours
from lichen.statistics.histogram import Histogram

BORDER = ("reflect", "reflect")


def brown(generator: torch.Generator) -> torch.Tensor:
    """Colours (1, 3, 64, 64) of one hue, its brightness varying, and a little of the others."""
    along = torch.randn((1, 1, 64, 64), generator=generator)
    faint = 0.01 * torch.randn((1, 3, 64, 64), generator=generator)
    return 0.5 + 0.15 * along * torch.tensor([0.8, 0.5, 0.33]).view(1, 3, 1, 1) + faint


def test_axes_are_uncorrelated_and_of_known_variance() -> None:
    image = brown(torch.Generator().manual_seed(0)).double()
    features = PrincipalColours.of(image[0].flatten(1))
    turned = features(image, ["colours"], BORDER)["colours"][0].flatten(1)
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
    target = hues.target(features(image, ["colours"], BORDER)["colours"])
    seen = float(hues.loss(features(shuffled, ["colours"], BORDER)["colours"], target))
    assert seen / hues.energy(target) > 0.1


@pytest.mark.parametrize("channels", [1, 3])
def test_grey_and_flat_pictures_stay_finite(channels: int) -> None:
    image = torch.full((1, 3, 8, 8), 0.4)
    features = PrincipalColours.of(image[0, :channels].flatten(1))
    found = features(image + 0.1, ["colours"], BORDER)["colours"]
    assert torch.isfinite(found).all()
