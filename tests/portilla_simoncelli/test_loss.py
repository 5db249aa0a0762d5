"""Statistics of pictures by their public name, and the loss for descent by gradient."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

import lichen
from lichen.errors import ImageError, ParameterError, UnknownNameError
from lichen.portilla_simoncelli.loss import PortillaSimoncelliLoss


def picture(height: int, width: int, n_channels: int, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).random((height, width, n_channels))
    edges = values + np.roll(values, 1, 0) + np.roll(values, 1, 1) > 1.7
    return 0.5 * edges + 0.3 * values**2 + 0.1 * values.mean(2, keepdims=True)


def tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))[None]


def test_the_public_name_is_the_function_and_imports_torch_late() -> None:
    code = (
        "import lichen, sys; lichen.statistics; early = 'torch' in sys.modules;"
        "import lichen.portilla_simoncelli.loss, lichen.portilla_simoncelli.statistics;"
        "sys.exit(early or not callable(lichen.statistics.portilla_simoncelli))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="no attribute"):
        lichen.statistics.nothing  # noqa: B018
    assert "portilla_simoncelli" in dir(lichen.statistics)


def test_grey_has_the_papers_710_in_grey_levels() -> None:
    pixels = picture(130, 115, 1)
    found = lichen.statistics.portilla_simoncelli(pixels)
    assert sum(len(group.values) for group in found.groups.values()) == 710
    np.testing.assert_allclose(found.pixels[:2], [pixels.mean(), pixels.var()])
    assert found.pixels.dtype == np.float64
    assert found.colour_axes is None
    flat = lichen.statistics.portilla_simoncelli(pixels[..., 0])
    np.testing.assert_array_equal(flat.magnitude_parents, found.magnitude_parents)


@pytest.mark.parametrize(
    ("size", "counts"),
    [((57, 64), (3, 4, 7)), ((31, 90), (2, 3, 5)), ((16, 16), (1, 1, 3)), ((200, 14), (1, 6, 7))],
)
def test_any_size_and_setting(size: tuple[int, int], counts: tuple[int, int, int]) -> None:
    names = dict(zip(("n_scales", "n_orientations", "n_neighbours"), counts, strict=True))
    for n_channels in (1, 3):
        found = lichen.statistics.portilla_simoncelli(picture(*size, n_channels), **names)
        for group in found.groups.values():
            assert group.values.shape == (len(group.labels),)
            assert len(set(group.labels)) == len(group.labels)
            assert np.isfinite(group.values).all()


def test_labels_say_where_a_number_comes_from() -> None:
    grey = lichen.statistics.portilla_simoncelli(picture(64, 64, 1), n_scales=3)

    def number(found: lichen.statistics.PortillaSimoncelli, group: str, label: str) -> float:
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
    colour = lichen.statistics.portilla_simoncelli(picture(64, 64, 3), n_scales=3)
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
    found = lichen.statistics.portilla_simoncelli(pixels, n_scales=3)
    assert found.colour_axes is not None
    assert found.covariance is not None
    planes = (pixels - found.colour_mean) @ found.colour_axes.T
    np.testing.assert_allclose(planes.max((0, 1)), found.pixels[:, 5])
    np.testing.assert_allclose(found.covariance, np.eye(3), atol=1e-9)


def test_errors() -> None:
    with pytest.raises(ImageError, match="no picture"):
        lichen.statistics.portilla_simoncelli(np.zeros(9))
    with pytest.raises(ImageError, match="not finite"):
        lichen.statistics.portilla_simoncelli(np.full((64, 64), np.nan))
    with pytest.raises(ParameterError, match=r"64x64 .* use n_scales = 3"):
        lichen.statistics.portilla_simoncelli(np.zeros((64, 64)))
    for name in ("n_scales", "n_orientations", "n_neighbours"):
        with pytest.raises(ParameterError, match=name):
            lichen.statistics.portilla_simoncelli(np.zeros((64, 64)), **{"n_scales": 2, name: 0})


@pytest.mark.parametrize("n_channels", [1, 3])
def test_the_loss_is_zero_where_the_statistics_are_equal(n_channels: int) -> None:
    pixels = picture(64, 64, n_channels)
    loss = PortillaSimoncelliLoss(tensor(pixels))
    assert loss.n_scales == 3
    assert float(loss(tensor(pixels))[0]) == 0
    for same in (np.roll(pixels, (8, -24), (0, 1)), np.tile(pixels, (2, 3, 1))):
        assert float(loss(tensor(same))[0]) < 1e-16
    other, parts = loss(tensor(picture(64, 96, n_channels, seed=1) ** 2))
    assert float(other) > 1e-3
    assert float(other) == pytest.approx(sum(float(part) for part in parts.values()))


@pytest.mark.parametrize("n_channels", [1, 3])
def test_gradients_of_the_loss_equal_finite_differences(n_channels: int) -> None:
    exemplar, start = (
        tensor(picture(*size, n_channels, seed)) for size, seed in (((16, 15), 0), ((14, 12), 1))
    )
    loss = PortillaSimoncelliLoss(exemplar, n_scales=2, n_orientations=2, n_neighbours=3)
    start = 1.5 * start  # some of it out of range
    assert float(loss(start)[1]["range"]) > 0
    start.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(x)[0], start, fast_mode=True)


def test_planes_have_the_loss_of_their_picture() -> None:
    exemplar, other = tensor(picture(32, 32, 3)), tensor(picture(32, 40, 3, seed=1) ** 2)
    loss = PortillaSimoncelliLoss(exemplar)
    torch.testing.assert_close(loss.of_planes(loss.axes.planes(other[0]))[0], loss(other)[0])


def test_each_group_counts_by_its_weight() -> None:
    exemplar, other = tensor(picture(32, 32, 1)), tensor(picture(32, 32, 1, seed=1) ** 2)
    plain = PortillaSimoncelliLoss(exemplar)(other)[1]
    weighted = PortillaSimoncelliLoss(exemplar, weights={"phase": 5, "marginals": 0})(other)[1]
    torch.testing.assert_close(weighted["phase"], 5 * plain["phase"])
    torch.testing.assert_close(weighted["magnitudes"], plain["magnitudes"])
    assert float(weighted["marginals"]) == 0
    errors = PortillaSimoncelliLoss(exemplar).errors(other)
    assert errors["phase"] == pytest.approx(float(plain["phase"]) ** 0.5)


def test_contrast_and_a_turn_of_the_colours_do_not_matter() -> None:
    exemplar, other = tensor(picture(32, 32, 3)), tensor(picture(32, 32, 3, seed=1) ** 2)
    expected = PortillaSimoncelliLoss(exemplar)(other)[0]
    turn = torch.linalg.qr(torch.rand(3, 3, dtype=torch.float64))[0]

    def turned(image: torch.Tensor) -> torch.Tensor:
        return 20 * torch.einsum("ij,bjhw->bihw", turn, image) + 7

    found = PortillaSimoncelliLoss(turned(exemplar))(turned(other))[0]
    torch.testing.assert_close(found, expected)


def test_a_canvas_too_small_for_the_scales_takes_fewer() -> None:
    exemplar = tensor(picture(128, 128, 1))
    loss = PortillaSimoncelliLoss(exemplar, size=(40, 128))
    assert loss.n_scales == 2
    assert np.isfinite(float(loss(tensor(picture(40, 128, 1)))[0]))
    with pytest.raises(ParameterError, match="too few for 1 scales"):
        PortillaSimoncelliLoss(exemplar, size=(6, 6))


def test_errors_of_the_loss() -> None:
    exemplar = tensor(picture(32, 32, 1))
    with pytest.raises(UnknownNameError, match="fase"):
        PortillaSimoncelliLoss(exemplar, weights={"fase": 1})
    with pytest.raises(ParameterError, match="-1"):
        PortillaSimoncelliLoss(exemplar, weights={"phase": -1})


@pytest.mark.parametrize("flat", [True, False])
def test_flat_pictures_have_finite_losses_and_gradients(flat: bool) -> None:
    constant = np.full((32, 32, 3), 0.4, np.float32)
    textured = picture(32, 32, 3).astype(np.float32)
    exemplar, image = (constant, textured) if flat else (textured, constant)
    start = tensor(image).requires_grad_()
    total, _ = PortillaSimoncelliLoss(tensor(exemplar))(start)
    (gradient,) = torch.autograd.grad(total, start)
    assert bool(total.isfinite())
    assert bool(gradient.isfinite().all())
