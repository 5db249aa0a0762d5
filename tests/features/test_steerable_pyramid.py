"""The steerable pyramid: its own inverse, a tight frame, oriented, and the plain sums."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lichen.errors import ParameterError
from lichen.features.steerable_pyramid import (
    SteerablePyramid,
    band_size,
    half_planes,
    partial_lowpasses,
    reconstruct,
    steerable_pyramid,
)
from references.plain_portilla_simoncelli import plain_pyramid, sample

SIZES = [(64, 64), (65, 48), (33, 57), (16, 16), (101, 97)]


def noise(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=dtype)


def power(maps: torch.Tensor) -> float:
    return float(maps.square().mean((-2, -1)).sum())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 5e-6), (torch.float64, 1e-12)])
def test_reconstruction_is_exact(
    size: tuple[int, int], is_complex: bool, dtype: torch.dtype, tolerance: float
) -> None:
    image = noise(*size, dtype=dtype)
    pyramid = steerable_pyramid(image, 3, 4, is_complex)
    torch.testing.assert_close(reconstruct(pyramid), image, rtol=0, atol=tolerance)
    picture = torch.rand(size, generator=torch.Generator().manual_seed(1), dtype=dtype)
    again = reconstruct(steerable_pyramid(picture, 3, 4, is_complex))
    torch.testing.assert_close(again, picture, rtol=0, atol=1e-6)


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize(("n_scales", "n_orientations"), [(1, 1), (2, 3), (4, 2), (5, 6), (6, 8)])
def test_reconstruction_of_photos_is_exact_in_float32(
    n_scales: int, n_orientations: int, is_complex: bool
) -> None:
    picture = noise(3, 67, 90, dtype=torch.float32).sigmoid()
    again = reconstruct(steerable_pyramid(picture, n_scales, n_orientations, is_complex))
    torch.testing.assert_close(again, picture, rtol=0, atol=1e-6)


@given(st.integers(8, 40), st.integers(8, 40), st.integers(1, 3), st.integers(1, 6), st.booleans())
@settings(max_examples=40, deadline=None)
def test_inverse_and_tight_for_any_size_and_count(
    height: int, width: int, n_scales: int, n_orientations: int, is_complex: bool
) -> None:
    """Parseval: mean squares of all real bands add up to the mean square of the picture."""
    image = noise(height, width)
    pyramid = steerable_pyramid(image, n_scales, n_orientations, is_complex)
    torch.testing.assert_close(reconstruct(pyramid), image)
    total = power(pyramid.highpass) + power(pyramid.lowpass)
    total += sum(power(band.real) for band in pyramid.bands)
    assert total == pytest.approx(power(image))


def test_complex_bands_are_quadrature_pairs_of_the_real_ones() -> None:
    image = noise(48, 40)
    real, both = steerable_pyramid(image, 2, 4), steerable_pyramid(image, 2, 4, is_complex=True)
    for ours, pair in zip(real.bands, both.bands, strict=True):
        torch.testing.assert_close(pair.real, ours)
        spectrum = torch.fft.fft2(pair)
        mirrored = spectrum.flip(-2, -1).roll((1, 1), (-2, -1))  # at the opposite frequency
        assert float((spectrum * mirrored).abs().max()) < 1e-9  # one of them holds nothing
        assert power(pair.imag) == pytest.approx(power(ours))


@pytest.mark.parametrize("size", [(48, 40), (45, 37)])
@pytest.mark.parametrize("n_orientations", [2, 4, 5])
def test_complex_bands_hold_twice_the_energy(size: tuple[int, int], n_orientations: int) -> None:
    """Half of the waves, at twice the amplitude."""
    image = noise(*size)
    pyramid = steerable_pyramid(image, 2, n_orientations, is_complex=True)
    total = power(pyramid.highpass) + power(pyramid.lowpass)
    total += sum(power(band.abs()) for band in pyramid.bands) / 2
    assert total == pytest.approx(power(image))


@pytest.mark.parametrize("orientation", range(4))
@pytest.mark.parametrize("scale", range(3))
def test_a_grating_lands_in_its_band(scale: int, orientation: int) -> None:
    size, period = 96, 4 * 2**scale  # r = 1/2 of the scale's Nyquist, where the band peaks
    angle = orientation * math.pi / 4
    step = size / period
    ky, kx = round(step * math.sin(angle)), round(step * math.cos(angle))
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    image = torch.cos(2 * math.pi * (ky * y + kx * x).double() / size)
    pyramid = steerable_pyramid(image, 3, 4)
    powers = torch.tensor([[power(b) for b in band] for band in pyramid.bands])
    assert divmod(int(powers.argmax()), 4) == (scale, orientation)
    # cos^3 has fallen to cos(45 degrees)^3 at the next orientation: an eighth of the power
    beside = powers[scale, (orientation + 1) % 4]
    assert float(beside / powers[scale, orientation]) == pytest.approx(1 / 8, rel=0.15)


@pytest.mark.parametrize("n_orientations", [2, 3, 6])
@given(angle=st.floats(0, math.pi))
@settings(max_examples=25, deadline=None)
def test_the_orientation_of_a_grating_is_found(n_orientations: int, angle: float) -> None:
    size, radius = 128, 16  # waves over the picture; r = 1/4, where bands of scale 1 peak
    ky, kx = round(radius * math.sin(angle)), round(radius * math.cos(angle))
    steps = math.atan2(ky, kx) / (math.pi / n_orientations)
    assume(abs(steps % 1 - 0.5) > 0.05)  # or it is as near to two of them
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    image = torch.cos(2 * math.pi * (ky * y + kx * x).double() / size)
    pyramid = steerable_pyramid(image, 2, n_orientations)
    powers = [power(band) for band in pyramid.bands[1]]
    assert max(range(n_orientations), key=powers.__getitem__) == round(steps) % n_orientations


@pytest.mark.parametrize("scale", range(4))
@pytest.mark.parametrize("is_complex", [False, True])
def test_a_shift_by_its_stride_is_a_shift_by_one_sample(scale: int, is_complex: bool) -> None:
    image = noise(64, 80)
    before = steerable_pyramid(image, 4, 3, is_complex).bands[scale]
    for axis in (0, 1):
        shifted = steerable_pyramid(image.roll(2**scale, axis), 4, 3, is_complex).bands[scale]
        torch.testing.assert_close(shifted, before.roll(1, axis - 2))


def test_shifts_by_the_coarsest_stride_shift_the_bands() -> None:
    image = noise(64, 48)
    before = steerable_pyramid(image, 3, 4, is_complex=True)
    after = steerable_pyramid(image.roll((16, 8), (0, 1)), 3, 4, is_complex=True)
    for scale, (one, other) in enumerate(zip(before.bands, after.bands, strict=True)):
        shift = 16 // 2**scale, 8 // 2**scale
        torch.testing.assert_close(one.roll(shift, (-2, -1)), other)
    torch.testing.assert_close(before.lowpass.roll((2, 1), (0, 1)), after.lowpass)


@pytest.mark.parametrize("size", [(24, 16), (17, 22)])
def test_bands_are_the_plain_sums(size: tuple[int, int]) -> None:
    image = noise(*size)
    pyramid, plain = steerable_pyramid(image, 2, 3, True), plain_pyramid(image.numpy(), 2, 3)
    for scale, band in enumerate(pyramid.bands):
        assert tuple(band.shape) == (3, *plain.grid(scale))
        for k in range(3):
            expected = torch.from_numpy(sample(plain.bands[scale][k], plain.grid(scale)))
            torch.testing.assert_close(band[k], expected)
    for scale, image_of in enumerate(partial_lowpasses(image, 2)):
        expected = torch.from_numpy(sample(plain.partial[scale], plain.grid(scale)).real)
        torch.testing.assert_close(image_of, expected)
    lowpass = torch.from_numpy(sample(plain.lowpass, plain.grid(2)).real)
    torch.testing.assert_close(pyramid.lowpass, lowpass)
    highpass = torch.from_numpy(sample(plain.highpass, plain.grid(0)).real)
    torch.testing.assert_close(pyramid.highpass, highpass)


def test_partial_lowpasses_are_reconstructions_without_finer_bands() -> None:
    image = noise(64, 32)
    pyramid = steerable_pyramid(image, 3, 4)
    for scale, ours in enumerate(partial_lowpasses(image, 3)):
        kept = [b if s >= scale else torch.zeros_like(b) for s, b in enumerate(pyramid.bands)]
        coarse = SteerablePyramid(torch.zeros_like(image), tuple(kept), pyramid.lowpass)
        torch.testing.assert_close(reconstruct(coarse)[:: 2**scale, :: 2**scale], ours)


def test_leading_axes_are_pictures() -> None:
    images = noise(2, 3, 24, 20)
    together = steerable_pyramid(images, 2, 4)
    alone = steerable_pyramid(images[1, 2], 2, 4)
    assert together.bands[1].shape == (2, 3, 4, *band_size((24, 20), 1))
    torch.testing.assert_close(together.bands[1][1, 2], alone.bands[1])
    torch.testing.assert_close(reconstruct(together), images)


@pytest.mark.parametrize("is_complex", [False, True])
@pytest.mark.parametrize("size", [(9, 8), (8, 11)])
def test_gradients_in_float64(size: tuple[int, int], is_complex: bool) -> None:
    """Of every band by the picture, and of the picture by every band: finite differences."""

    def split(image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        pyramid = steerable_pyramid(image, 2, 3, is_complex)
        return pyramid.highpass, *pyramid.bands, pyramid.lowpass

    def join(*bands: torch.Tensor) -> torch.Tensor:
        return reconstruct(SteerablePyramid(bands[0], bands[1:-1], bands[-1]))

    image = noise(*size).requires_grad_()
    assert torch.autograd.gradcheck(split, image)
    bands = [band.detach().requires_grad_() for band in split(image)]
    assert torch.autograd.gradcheck(join, bands)


def test_filters_made_in_inference_mode_serve_training() -> None:
    with torch.inference_mode():
        steerable_pyramid(noise(23, 21), 2, 4)
    image = noise(23, 21).requires_grad_()
    power_of = steerable_pyramid(image, 2, 4).bands[0].square().sum()
    power_of.backward()
    assert image.grad is not None


def test_errors_name_what_would_fit() -> None:
    with pytest.raises(ParameterError, match=r"15x40 .* 4 scales; use n_scales = 3 or .* 16"):
        steerable_pyramid(noise(15, 40), 4, 4)
    with pytest.raises(ParameterError, match="at least 1"):
        steerable_pyramid(noise(16, 16), 0, 4)
    with pytest.raises(ParameterError, match="float32 or float64"):
        steerable_pyramid(torch.zeros(16, 16, dtype=torch.uint8))


@pytest.mark.parametrize("size", [(48, 40), (37, 50)])
def test_half_planes_make_a_real_band_the_complex_one(size: tuple[int, int]) -> None:
    image = torch.rand(size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for n_orientations in (1, 4):
        bands = steerable_pyramid(image, 2, n_orientations, is_complex=True).bands
        for scale, band in enumerate(bands):
            masks = half_planes(size, scale, n_orientations)
            torch.testing.assert_close(torch.fft.ifft2(torch.fft.fft2(band.real) * masks), band)
