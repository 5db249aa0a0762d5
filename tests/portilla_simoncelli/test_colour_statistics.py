"""Statistics that join planes, against NumPy's correlations and invariances."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lichen.features.steerable_pyramid import partial_lowpasses, steerable_pyramid
from lichen.portilla_simoncelli.statistics import (
    ColourStatistics,
    colour_statistics,
    pyramid_statistics,
)


def statistics(
    planes: torch.Tensor, n_scales: int = 2, n_orientations: int = 3
) -> ColourStatistics:
    return colour_statistics(planes, n_scales, n_orientations, 5)


def texture(n_planes: int = 3) -> torch.Tensor:
    """Planes that have something in common, (P, 40, 48)."""
    generator = torch.Generator().manual_seed(0)
    values = torch.rand((n_planes, 40, 48), generator=generator, dtype=torch.float64)
    return values**2 + values.roll(1, 2) + 0.7 * values.roll(1, 0)


def test_numbers_of_the_paper_setting() -> None:
    planes = texture().repeat(1, 3, 3)
    ours = colour_statistics(planes)
    assert {name: len(values) for name, values in ours.groups().items()} == {
        "marginals": 3 * 17,
        "autocorrelation": 3 * 125,
        "magnitudes": 3 * 472,
        "phase": 3 * 96,
        "colours": 66,
        "colour magnitudes": 480,
        "colour phase": 576,
    }
    assert ours.count() == 3252


def test_each_plane_has_its_own_statistics() -> None:
    planes = texture()
    ours = statistics(planes)
    for p, plane in enumerate(planes):
        alone = pyramid_statistics(plane, 2, 3, 5)
        for name in vars(alone):
            torch.testing.assert_close(getattr(ours.planes, name)[p], getattr(alone, name))
        k = slice(3 * p, 3 * p + 3)
        torch.testing.assert_close(
            ours.magnitude_orientations[:, k, k], alone.magnitude_orientations
        )
        torch.testing.assert_close(ours.magnitude_parents[:, k, k], alone.magnitude_parents)
        torch.testing.assert_close(ours.phase_parents[:, k, 6 * p : 6 * p + 6], alone.phase_parents)


def test_matrices_are_numpys_correlations() -> None:
    planes = texture()
    ours = statistics(planes)
    bands = steerable_pyramid(planes, 2, 3, is_complex=True).bands
    for s, band in enumerate(bands):
        magnitudes = band.abs().reshape(9, -1).numpy()
        np.testing.assert_allclose(ours.magnitude_orientations[s], np.corrcoef(magnitudes))
        for k in range(3):
            real = band[:, k].real.reshape(3, -1).numpy()
            np.testing.assert_allclose(ours.band_planes[s, k], np.corrcoef(real), atol=1e-12)
    for s, lowpass in enumerate(partial_lowpasses(planes, 2)):
        np.testing.assert_allclose(
            ours.lowpass_planes[s], np.corrcoef(lowpass.reshape(3, -1).numpy())
        )
    np.testing.assert_allclose(
        ours.covariance, np.cov(planes.reshape(3, -1).numpy(), bias=True), atol=1e-14
    )


def test_two_equal_planes_are_joined_as_one_is_with_itself() -> None:
    plane = texture(1)
    ours = statistics(plane.repeat(2, 1, 1))
    torch.testing.assert_close(ours.lowpass_planes, torch.ones_like(ours.lowpass_planes))
    torch.testing.assert_close(ours.band_planes, torch.ones_like(ours.band_planes))
    own = ours.planes.magnitude_parents[0]
    torch.testing.assert_close(ours.magnitude_parents, own.repeat(1, 2, 2))
    torch.testing.assert_close(ours.phase_parents, ours.planes.phase_parents[0].repeat(1, 2, 2))


def test_the_sign_of_a_plane_turns_what_joins_it_but_no_magnitude() -> None:
    planes = texture(2)
    one, other = statistics(planes), statistics(planes * torch.tensor([1.0, -1]).view(2, 1, 1))
    torch.testing.assert_close(one.band_planes[..., 0, 1], -other.band_planes[..., 0, 1])
    torch.testing.assert_close(one.lowpass_planes[..., 0, 1], -other.lowpass_planes[..., 0, 1])
    torch.testing.assert_close(one.magnitude_orientations, other.magnitude_orientations)


def test_one_plane_has_the_four_groups_alone() -> None:
    ours = statistics(texture(1))
    assert list(ours.groups()) == ["marginals", "autocorrelation", "magnitudes", "phase"]
    torch.testing.assert_close(ours.magnitude_orientations, ours.planes.magnitude_orientations[0])


@pytest.mark.parametrize("n_scales", [1, 2])
def test_gradients_equal_finite_differences(n_scales: int) -> None:
    planes = texture(2)[:, :10, :12].clone().requires_grad_()

    def joined(x: torch.Tensor) -> torch.Tensor:
        found = colour_statistics(x, n_scales, 2, 3)
        return torch.cat(list(found.groups().values()))

    assert torch.autograd.gradcheck(joined, planes, fast_mode=True)
