"""The public function: counts, names of the numbers, colour and errors."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import lichen
from lichen.errors import ImageError, ParameterError
from lichen.portilla_simoncelli.measurement import (
    PortillaSimoncelliStatistics,
    portilla_simoncelli_statistics,
)


def picture(height: int, width: int, n_channels: int, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).random((height, width, n_channels))
    edges = values + np.roll(values, 1, 0) + np.roll(values, 1, 1) > 1.7
    return 0.5 * edges + 0.3 * values**2 + 0.1 * values.mean(2, keepdims=True)


def test_the_public_name_is_the_function_and_imports_torch_late() -> None:
    code = (
        "import lichen, sys; dir(lichen); early = 'torch' in sys.modules;"
        "import lichen.portilla_simoncelli.loss, lichen.portilla_simoncelli.statistics;"
        "sys.exit(early or not callable(lichen.portilla_simoncelli_statistics))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert lichen.portilla_simoncelli_statistics is portilla_simoncelli_statistics
    with pytest.raises(AttributeError, match="attribute portilla_simoncelli_statistic"):
        lichen.portilla_simoncelli_statistic  # noqa: B018
    assert "portilla_simoncelli_statistics" in dir(lichen)


def test_grey_has_the_papers_710_in_grey_levels() -> None:
    pixels = picture(130, 115, 1)
    found = portilla_simoncelli_statistics(pixels)
    assert sum(len(group.values) for group in found.groups.values()) == 710
    np.testing.assert_allclose(found.pixels[:2], [pixels.mean(), pixels.var()])
    assert found.pixels.dtype == np.float64
    assert found.colour_axes is None
    flat = portilla_simoncelli_statistics(pixels[..., 0])
    np.testing.assert_array_equal(flat.magnitude_parents, found.magnitude_parents)


@pytest.mark.parametrize(
    ("size", "counts"),
    [((57, 64), (3, 4, 7)), ((31, 90), (2, 3, 5)), ((16, 16), (1, 1, 3)), ((200, 14), (1, 6, 7))],
)
def test_any_size_and_setting(size: tuple[int, int], counts: tuple[int, int, int]) -> None:
    names = dict(zip(("n_scales", "n_orientations", "n_neighbours"), counts, strict=True))
    for n_channels in (1, 3):
        found = portilla_simoncelli_statistics(picture(*size, n_channels), **names)
        for group in found.groups.values():
            assert group.values.shape == (len(group.labels),)
            assert len(set(group.labels)) == len(group.labels)
            assert np.isfinite(group.values).all()


def test_labels_say_where_a_number_comes_from() -> None:
    grey = portilla_simoncelli_statistics(picture(64, 64, 1), n_scales=3)

    def number(found: PortillaSimoncelliStatistics, group: str, label: str) -> float:
        return found.groups[group].values[found.groups[group].labels.index(label)]

    centre = 3
    assert number(grey, "marginals", "maximum") == grey.pixels[5]
    assert number(grey, "marginals", "kurtosis low-pass 2") == grey.lowpass_kurtosis[2]
    assert number(grey, "marginals", "variance high-pass") == grey.highpass_variance
    assert (
        number(grey, "autocorrelation", "low-pass 1 shift (-2, 3)")
        == (grey.lowpass_autocorrelation[1, centre - 2, centre + 3])
    )
    assert (
        number(grey, "magnitudes", "deviation scale 2 orientation 1")
        == (grey.magnitude_deviation[2, 1])
    )
    assert (
        number(grey, "magnitudes", "scale 0 orientation 3 shift (0, -1)")
        == (grey.magnitude_autocorrelation[0, 3, centre, centre - 1])
    )
    assert (
        number(grey, "magnitudes", "scale 1 orientations 1 3")
        == (grey.magnitude_orientations[1, 1, 3])
    )
    assert (
        number(grey, "magnitudes", "scale 1 orientation 2 parent 3")
        == (grey.magnitude_parents[1, 2, 3])
    )
    assert (
        number(grey, "phase", "scale 0 orientation 2 imaginary parent 1")
        == (grey.phase_parents[0, 2, 4 + 1])
    )
    colour = portilla_simoncelli_statistics(picture(64, 64, 3), n_scales=3)
    assert colour.covariance is not None
    assert colour.band_planes is not None
    assert colour.lowpass_planes is not None
    assert colour.joint_magnitude_orientations is not None
    assert colour.joint_magnitude_parents is not None
    assert colour.joint_phase_parents is not None
    assert number(colour, "marginals", "plane 2 skewness") == colour.pixels[2, 2]
    assert number(colour, "colours", "covariance planes 0 2") == colour.covariance[0, 2]
    assert number(colour, "colours", "low-pass 3 planes 1 2") == colour.lowpass_planes[3, 1, 2]
    assert (
        number(colour, "colours", "scale 1 orientation 3 planes 0 2")
        == (colour.band_planes[1, 3, 0, 2])
    )
    assert (
        number(colour, "colour magnitudes", "scale 2 planes 0 2 orientations 3 1")
        == (colour.joint_magnitude_orientations[2, 3, 2 * 4 + 1])
    )
    assert (
        number(colour, "colour magnitudes", "scale 1 plane 2 orientation 3 plane 1 parent 0")
        == (colour.joint_magnitude_parents[1, 2 * 4 + 3, 4])
    )
    assert (
        number(colour, "colour phase", "scale 0 plane 2 orientation 1 plane 0 imaginary parent 3")
        == (colour.joint_phase_parents[0, 2 * 4 + 1, 4 + 3])
    )


def test_colour_planes_are_as_said() -> None:
    pixels = picture(64, 70, 3)
    found = portilla_simoncelli_statistics(pixels, n_scales=3)
    assert found.colour_axes is not None
    assert found.covariance is not None
    planes = (pixels - found.colour_mean) @ found.colour_axes.T
    np.testing.assert_allclose(planes.max((0, 1)), found.pixels[:, 5])
    np.testing.assert_allclose(found.covariance, np.eye(3), atol=1e-9)


def test_errors() -> None:
    with pytest.raises(ImageError, match="not an image"):
        portilla_simoncelli_statistics(np.zeros(9))
    with pytest.raises(ImageError, match="not finite"):
        portilla_simoncelli_statistics(np.full((64, 64), np.nan))
    with pytest.raises(ParameterError, match=r"64x64 .* use n_scales = 3"):
        portilla_simoncelli_statistics(np.zeros((64, 64)))
    for name in ("n_scales", "n_orientations", "n_neighbours"):
        with pytest.raises(ParameterError, match=name):
            portilla_simoncelli_statistics(np.zeros((64, 64)), **{"n_scales": 2, name: 0})
