"""The 710 statistics against those of plenoptic, on twelve pictures, group by group."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from skimage import data
from torch import Tensor

import lichen
from lichen.portilla_simoncelli.statistics import PyramidStatistics, pyramid_statistics

SIDE = 256
PICTURES = ("brick", "grass", "gravel", "camera", "coins", "moon", "page", "text", "cell")
TEXTURES = ("noise", "even", "elements")


@pytest.fixture(scope="module")
def plenoptic() -> Callable[[Tensor], dict[str, Tensor]]:
    """Its statistics of a picture (256, 256) by its names, float64."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it imports
        from plenoptic.models import PortillaSimoncelli

        model = PortillaSimoncelli((SIDE, SIDE)).double()

    def statistics(image: Tensor) -> dict[str, Tensor]:
        found = model.convert_to_dict(model(image[None, None]))
        return {name: values[0, 0] for name, values in found.items()}

    return statistics


def picture(name: str) -> Tensor:
    if name in TEXTURES:
        return torch.from_numpy(lichen.textures.julesz(name, SIDE)[..., 0]).double()
    pixels = getattr(data, name)().astype(np.float64) / 255
    tiled = np.tile(pixels, (2, 2))  # some are lower than 256 pixels
    return torch.from_numpy(tiled[:SIDE, :SIDE].copy())


def in_its_terms(ours: PyramidStatistics) -> dict[str, Tensor]:
    """Our statistics of one picture in plenoptic's order and definitions."""
    unbiased = SIDE**2 / (SIDE**2 - 1)  # its variance of the pixels divides by n - 1
    pixels = torch.tensor([1, unbiased, unbiased**-1.5, unbiased**-2, 1, 1]).double()
    growth = 4.0 ** torch.arange(5)  # its bands grow as they are sub-sampled
    return {
        "pixel_statistics": ours.pixels * pixels,
        "skew_reconstructed": ours.lowpass_skewness,
        "kurtosis_reconstructed": ours.lowpass_kurtosis,
        "var_highpass_residual": ours.highpass_variance[None],
        "std_reconstructed": ours.lowpass_deviation * growth,
        "auto_correlation_reconstructed": ours.lowpass_autocorrelation.permute(1, 2, 0),
        "magnitude_std": (ours.magnitude_deviation * growth[:4, None]).T,
        "auto_correlation_magnitude": ours.magnitude_autocorrelation.permute(2, 3, 1, 0),
        "cross_orientation_correlation_magnitude": ours.magnitude_orientations.permute(1, 2, 0),
        "cross_scale_correlation_magnitude": ours.magnitude_parents.permute(1, 2, 0),
        "cross_scale_correlation_real": ours.phase_parents.permute(1, 2, 0),
    }


@pytest.mark.parametrize("name", PICTURES + TEXTURES)
def test_every_group_equals_plenoptics(
    name: str, plenoptic: Callable[[Tensor], dict[str, Tensor]]
) -> None:
    image = picture(name)
    theirs = plenoptic(image)
    ours = in_its_terms(pyramid_statistics(image))
    assert set(ours) == set(theirs)
    counted = 0
    for group, values in theirs.items():
        known = ~values.isnan()  # it omits what symmetry repeats
        counted += int(known.sum())
        distance = (ours[group] - values)[known].norm()
        # of a symmetric texture the skewness is 0, on a scale where a Gaussian's kurtosis is 3
        size = values[known].norm() if group != "skew_reconstructed" else values.norm().clamp(min=1)
        assert float(distance / size) < 1e-5, group
    assert counted == 710
