"""Portilla-Simoncelli statistics against the paper's counts, plain sums and invariances."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lichen.errors import ParameterError
from lichen.portilla_simoncelli.statistics import (
    largest_n_scales,
    pyramid_statistics,
)
from references.plain_portilla_simoncelli import plain_portilla_simoncelli


def texture(height: int, width: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    """Noise with edges, skewed, so that no group is trivial."""
    values = torch.rand((height, width), generator=torch.Generator().manual_seed(0), dtype=dtype)
    blurred = values + values.roll(1, 0) + values.roll(1, 1) + values.roll((1, 2), (0, 1))
    return (blurred > 2.2).to(dtype) * 0.7 + 0.3 * values**2


def flat(groups: dict[str, torch.Tensor]) -> torch.Tensor:
    return torch.cat(list(groups.values()))


def test_710_statistics_in_the_papers_groups() -> None:
    ours = pyramid_statistics(texture(112, 128))
    assert {name: len(group) for name, group in ours.groups().items()} == {
        "marginals": 17,
        "autocorrelation": 125,
        "magnitudes": 472,
        "phase": 96,
    }
    assert ours.count() == 710


@pytest.mark.parametrize(("n_scales", "n_orientations", "n"), [(1, 4, 3), (2, 3, 5), (3, 1, 3)])
def test_counts_follow_the_formulas(n_scales: int, n_orientations: int, n: int) -> None:
    ours = pyramid_statistics(texture(48, 48), n_scales, n_orientations, n).groups()
    half = (n * n + 1) // 2
    pairs = n_scales * n_orientations * (n_orientations - 1) // 2
    parents = (n_scales - 1) * n_orientations**2
    assert len(ours["marginals"]) == 2 * (n_scales + 1) + 7
    assert len(ours["autocorrelation"]) == (n_scales + 1) * half
    assert len(ours["magnitudes"]) == n_scales * n_orientations * half + pairs + parents
    assert len(ours["phase"]) == 2 * parents


@pytest.mark.parametrize(
    ("size", "n_scales", "n_orientations", "n"),
    [((32, 24), 2, 4, 5), ((27, 33), 2, 3, 7), ((40, 40), 3, 2, 3), ((13, 14), 1, 4, 7)],
)
def test_every_number_is_the_plain_sum(
    size: tuple[int, int], n_scales: int, n_orientations: int, n: int
) -> None:
    image = texture(*size)
    ours = pyramid_statistics(image, n_scales, n_orientations, n).groups()
    plain = plain_portilla_simoncelli(image.numpy(), n_scales, n_orientations, n)
    assert list(ours) == list(plain)
    for name, values in plain.items():
        np.testing.assert_allclose(ours[name].numpy(), values, rtol=1e-8, atol=1e-10, err_msg=name)


def test_float32_agrees_with_float64() -> None:
    image = texture(128, 128)
    exact, single = (
        flat(pyramid_statistics(image).groups()),
        flat(pyramid_statistics(image.float()).groups()),
    )
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), exact, rtol=1e-4, atol=2e-5)


def test_shifts_by_the_coarsest_stride_change_nothing() -> None:
    image = texture(112, 128)
    moved = image.roll((16, -32), (0, 1))
    torch.testing.assert_close(
        flat(pyramid_statistics(moved).groups()), flat(pyramid_statistics(image).groups())
    )


def test_brightness_moves_the_mean_and_contrast_the_deviations_alone() -> None:
    image = texture(64, 64)
    one, other = pyramid_statistics(image, 2), pyramid_statistics(3 * image + 5, 2)
    changed = {"pixels", "highpass_variance", "lowpass_deviation"}
    changed |= {"magnitude_deviation", "magnitude_mean"}
    for name in one.__dataclass_fields__:
        expected = getattr(one, name)
        if name == "pixels":
            expected = expected * torch.tensor([3, 9, 1, 1, 3, 3]).double()
            expected = expected + torch.tensor([5, 0, 0, 0, 5, 5]).double()
        elif name in changed:
            expected = expected * (9 if name == "highpass_variance" else 3)
        torch.testing.assert_close(getattr(other, name), expected)


def test_transposing_swaps_shifts_and_orientations() -> None:
    """With 4 orientations at 0, 45, 90, 135 degrees the transpose exchanges 0 and 90."""
    image = texture(64, 64)
    one, other = pyramid_statistics(image, 2), pyramid_statistics(image.T.contiguous(), 2)
    swap = [2, 1, 0, 3]
    torch.testing.assert_close(one.magnitude_deviation[:, swap], other.magnitude_deviation)
    torch.testing.assert_close(one.lowpass_autocorrelation.mT, other.lowpass_autocorrelation)
    torch.testing.assert_close(
        one.magnitude_autocorrelation[:, swap].mT, other.magnitude_autocorrelation
    )
    torch.testing.assert_close(one.magnitude_parents[:, swap][:, :, swap], other.magnitude_parents)


def test_white_gaussian_noise_has_no_structure() -> None:
    image = torch.randn(256, 256, generator=torch.Generator().manual_seed(1))
    ours = pyramid_statistics(image)
    torch.testing.assert_close(
        ours.pixels[:4], torch.tensor([0.0, 1.0, 0.0, 3.0]), rtol=0, atol=0.05
    )
    assert float(ours.phase_parents.abs().max()) < 0.12  # pure chance: 1 / sqrt(samples)
    # |z| of a complex Gaussian of variance 2 q has mean sqrt(pi q / 2), variance (2 - pi/2) q
    ratio = (ours.magnitude_mean / ours.magnitude_deviation)[:2]
    expected = (np.pi / (4 - np.pi)) ** 0.5
    torch.testing.assert_close(ratio, torch.full((2, 4), expected), rtol=0.05, atol=0)


def test_phase_group_tells_lines_from_edges() -> None:
    edges = torch.zeros(64, 64, dtype=torch.float64)
    edges[:, 16:48] = 1
    lines = torch.zeros(64, 64, dtype=torch.float64)
    lines[:, [16, 47]] = 1
    one, other = (
        pyramid_statistics(edges, 2).phase_parents,
        pyramid_statistics(lines, 2).phase_parents,
    )
    assert float((one - other).abs().max()) > 0.2


@pytest.mark.parametrize("value", [0.0, 0.3, 200.0])
def test_a_flat_picture_has_finite_statistics_and_gradients(value: float) -> None:
    image = torch.full((64, 64), value).requires_grad_()
    ours = pyramid_statistics(image, 3)
    values = flat(ours.groups())
    assert bool(values.isfinite().all())
    torch.testing.assert_close(ours.lowpass_kurtosis, torch.full((4,), 3.0))
    assert float(ours.magnitude_parents.detach().abs().max()) < 0.1
    values.sum().backward()
    assert image.grad is not None
    assert bool(image.grad.isfinite().all())


def test_bands_of_rounding_noise_correlate_with_nothing() -> None:
    wave = torch.cos(2 * np.pi * torch.arange(64) / 64).expand(64, 64)  # float32, no fine detail
    ours = pyramid_statistics(0.5 + 0.4 * wave, 2)
    assert float(ours.magnitude_parents.abs().max()) < 1e-3
    assert float(ours.phase_parents.abs().max()) < 1e-3
    assert ours.lowpass_kurtosis[0] == pytest.approx(1.5, abs=1e-4)  # that of a sine


def test_gradients_equal_finite_differences() -> None:
    image = texture(10, 12).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: flat(pyramid_statistics(x, 2, 2, 3).groups()), image)


def test_no_graph_without_gradients() -> None:
    image = texture(32, 32).requires_grad_()
    with torch.no_grad():
        assert not flat(pyramid_statistics(image, 2).groups()).requires_grad


def test_pictures_at_once_are_pictures_alone() -> None:
    image = texture(2 * 40, 3 * 48).reshape(2, 40, 3, 48).transpose(1, 2)  # (2, 3, 40, 48)
    together = pyramid_statistics(image, 2)
    alone = pyramid_statistics(image[1, 2], 2)
    for name, value in together.groups().items():
        torch.testing.assert_close(value[1, 2], alone.groups()[name])
    torch.testing.assert_close(together.magnitude_mean[1, 2], alone.magnitude_mean)
    assert together.count() == alone.count()


def test_largest_n_scales_is_the_most_that_runs() -> None:
    assert largest_n_scales((256, 256)) == 5
    assert largest_n_scales((97, 500)) == 4
    assert largest_n_scales((96, 500)) == 3
    assert largest_n_scales((6, 6)) == 0
    pyramid_statistics(texture(97, 100), 4)
    with pytest.raises(ParameterError, match=r"96x100 .* 4 scales and 7x7 .*; use n_scales = 3"):
        pyramid_statistics(texture(96, 100), 4)


def test_errors() -> None:
    image = texture(32, 32)
    with pytest.raises(ParameterError, match="n_neighbours = 4"):
        pyramid_statistics(image, 2, 4, 4)
