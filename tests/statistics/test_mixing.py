"""Mixed targets: closed forms, weights of 1, and that extrapolated ones remain valid."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from lichen.statistics.autocorrelation import Autocorrelation
from lichen.statistics.gram import Covariance, Gram, PrincipalGram, WhitenedGram, covariance, gram
from lichen.statistics.histogram import Histogram
from lichen.statistics.means import Means
from lichen.statistics.shifted_gram import ShiftedGram, shifted_gram
from lichen.statistics.sliced import SlicedPatches
from lichen.statistics.spectrum import Spectrum
from lichen.statistics.statistic import Statistic

SIZE = (12, 10)


def maps(seed: int, channels: int = 3, size: tuple[int, int] = SIZE) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    skewed = torch.rand((1, channels, *size), generator=generator, dtype=torch.float64) ** (
        seed + 1
    )
    return skewed + 0.3 * skewed.roll(1, 1) + 0.2 * seed


def sliced(redraw: bool = False, patch: int = 3) -> SlicedPatches:
    return SlicedPatches(torch.Generator().manual_seed(9), patch, 8, power=2, redraw=redraw)


STATISTICS: dict[str, Statistic] = {
    "means": Means(),
    "gram": Gram(),
    "whitened-gram": WhitenedGram(),
    "covariance": Covariance(),
    "principal-gram": PrincipalGram(3),
    "histogram": Histogram(),
    "spectrum": Spectrum(SIZE),
    "autocorrelation": Autocorrelation(),
    "shifted-gram": ShiftedGram(),
    "sliced": sliced(),
    "sliced, redrawn": sliced(redraw=True),
}


def losses(statistic: Statistic, weights: tuple[float, ...], *seeds: int) -> list[float]:
    """Of a mixture of as many maps as weights: what each of these maps loses against it."""
    found = [statistic.target(maps(seed)) for seed in range(len(weights))]
    mixed = statistic.mix(found, weights)
    return [float(statistic.loss(maps(seed), mixed)) for seed in seeds]


@pytest.mark.parametrize("name", STATISTICS)
def test_with_a_weight_of_one_it_is_that_target(name: str) -> None:
    statistic = STATISTICS[name]
    for weights, own in (((1.0, 0.0), 0), ((0.0, 1.0), 1), ((0.0, 0.0, 1.0), 2)):
        nought, other = losses(statistic, weights, own, (own + 1) % 2)
        assert nought < 1e-12 < 1e-5 < other


@pytest.mark.parametrize("name", STATISTICS)
def test_halfway_it_is_nearer_to_both_than_they_are_to_each_other(name: str) -> None:
    statistic = STATISTICS[name]
    apart = losses(statistic, (1.0, 0.0), 1)[0]
    half = losses(statistic, (0.5, 0.5), 0, 1)
    assert all(0 < loss < 0.7 * apart for loss in half)


@pytest.mark.parametrize("name", STATISTICS)
def test_beyond_one_it_leads_away_from_the_other(name: str) -> None:
    statistic = STATISTICS[name]
    assert losses(statistic, (-0.3, 1.3), 0)[0] > losses(statistic, (0.0, 1.0), 0)[0]


def test_means_gram_covariance_and_shifted_gram_are_weighted_sums() -> None:
    one, other, weights = maps(1), maps(2, size=(9, 11)), (0.3, 0.7)

    def by_hand(first: Tensor, second: Tensor) -> Tensor:
        return 0.3 * first + 0.7 * second

    for statistic, summary in ((Gram(), gram), (Covariance(), covariance)):
        mixed = statistic.mix([statistic.target(one), statistic.target(other)], weights)
        torch.testing.assert_close(mixed, by_hand(summary(one), summary(other)))
    means = Means().mix([Means().target(one), Means().target(other)], weights)
    torch.testing.assert_close(means, by_hand(one.mean((0, 2, 3)), other.mean((0, 2, 3))))
    shifted = ShiftedGram()
    mixed = shifted.mix([shifted.target(one), shifted.target(other)], weights)
    assert mixed.shifts == ((0, 1), (0, 2), (0, 4), (1, 1), (1, 2), (1, 4))
    for shift, matrix in zip(mixed.shifts, mixed.grams, strict=True):
        wanted = by_hand(shifted_gram(one, shift), shifted_gram(other, shift))
        torch.testing.assert_close(matrix, wanted)


def test_principal_gram_with_all_components_is_the_weighted_sum() -> None:
    one, other = maps(1), maps(2)
    mixed = PrincipalGram(3).mix([PrincipalGram(3).target(m) for m in (one, other)], (0.4, 0.6))
    full = mixed.components @ mixed.gram @ mixed.components.T
    torch.testing.assert_close(full, 0.4 * gram(one) + 0.6 * gram(other))


def test_a_mosaic_of_both_has_the_mixed_gram_matrix() -> None:
    """Known, and the reason why mixed Gram matrices give a mosaic: it has them exactly."""
    one, other = maps(1), maps(2)
    mosaic = torch.cat([one, other, other], dim=3)
    for statistic in (Gram(), Means()):
        mixed = statistic.mix([statistic.target(one), statistic.target(other)], (1 / 3, 2 / 3))
        assert float(statistic.loss(mosaic, mixed)) < 1e-20
    # Not so of distributions: half of the values of each are not the values halfway.
    half = Histogram().mix([Histogram().target(one), Histogram().target(other)], (1 / 3, 2 / 3))
    assert float(Histogram().loss(mosaic, half)) > 1e-4


@pytest.mark.parametrize("weights", [(0.5, 0.5), (0.2, 0.8), (-0.25, 1.25)])
def test_barycentre_of_two_gaussians_is_the_gaussian_between(weights: tuple[float, float]) -> None:
    """A 2-Wasserstein barycentre on the line has the mean of means and standard deviations."""
    n = 400
    levels = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    standard = torch.special.ndtri(levels)

    def gaussian(mean: float, deviation: float) -> Tensor:
        order = torch.randperm(n, generator=torch.Generator().manual_seed(0))
        return (mean + deviation * standard[order]).view(1, 1, 20, 20)

    mean = weights[0] * 0.1 + weights[1] * 0.7
    deviation = weights[0] * 0.2 + weights[1] * 0.5
    for statistic in (Histogram(), sliced(patch=1)):
        found = [statistic.target(gaussian(0.1, 0.2)), statistic.target(gaussian(0.7, 0.5))]
        mixed = statistic.mix(found, weights)
        assert float(statistic.loss(gaussian(mean, deviation), mixed)) < 1e-20
        assert float(statistic.loss(gaussian(mean, 1.1 * deviation), mixed)) > 1e-4


def test_quantile_functions_of_maps_of_other_sizes_are_mixed() -> None:
    small, large = maps(1, size=(6, 5)), maps(2, size=(24, 20))
    mixed = Histogram().mix([Histogram().target(small), Histogram().target(large)], (0.5, 0.5))
    assert mixed.shape == (3, 480)
    wanted = (small.mean((0, 2, 3)) + large.mean((0, 2, 3))) / 2
    torch.testing.assert_close(mixed.mean(1), wanted, rtol=0, atol=0.02)


def test_beyond_the_exemplars_covariances_stay_positive_semidefinite() -> None:
    """The nearest such matrix has the negative eigenvalues at 0: here they are on the diagonal."""
    one, other = torch.diag(torch.tensor([4.0, 1.0])), torch.diag(torch.tensor([1.0, 9.0]))
    for statistic in (Gram(), Covariance()):
        mixed = statistic.mix([one, other], (1.5, -0.5))
        torch.testing.assert_close(mixed, torch.diag(torch.tensor([5.5, 0.0])))


def test_beyond_the_exemplars_all_else_stays_valid_too() -> None:
    weights = (2.0, -1.0)
    targets = [Histogram().target(maps(seed)) for seed in (0, 2)]
    assert bool((Histogram().mix(targets, weights).diff(dim=1) >= 0).all())
    spectra = [Spectrum(SIZE).target(maps(seed)) for seed in (0, 2)]
    amplitudes = torch.stack([one.abs() for one in spectra])
    wanted = (2 * amplitudes[0] - amplitudes[1]).clamp_min(0)
    assert bool((2 * amplitudes[0] < amplitudes[1]).any())
    torch.testing.assert_close(Spectrum(SIZE).mix(spectra, weights).abs(), wanted)
    correlations = [Autocorrelation().target(maps(seed)) for seed in (2, 0)]
    mixed = Autocorrelation().mix(correlations, weights)
    structure = mixed.products - mixed.squared_means[:, None, None]
    middle = structure.shape[2] // 2
    assert bool((structure.abs() <= structure[:, :1, middle : middle + 1] + 1e-12).all())


def test_a_picture_of_the_mean_amplitudes_has_the_mixed_spectrum() -> None:
    one, other = maps(1, channels=1), maps(2, channels=1)
    statistic = Spectrum(SIZE)
    mixed = statistic.mix([statistic.target(one), statistic.target(other)], (0.25, 0.75))
    phases = torch.fft.rfft2(maps(3, channels=1)).angle()
    amplitudes = 0.25 * torch.fft.rfft2(one).abs() + 0.75 * torch.fft.rfft2(other).abs()
    picture = torch.fft.irfft2(torch.polar(amplitudes, phases), s=SIZE)
    assert float(statistic.loss(picture, mixed)) < 1e-20
    assert float(statistic.loss(one, mixed)) > 1e-4


def test_colours_that_two_spectra_share_are_kept() -> None:
    """Channels in step in both are in step in the mixture: a grey picture has no loss for that."""
    grey = [maps(seed, channels=1).expand(-1, 3, -1, -1) for seed in (1, 2)]
    statistic = Spectrum(SIZE)
    mixed = statistic.mix([statistic.target(one) for one in grey], (0.5, 0.5))
    torch.testing.assert_close(mixed[:, 0], mixed[:, 1])
    torch.testing.assert_close(mixed[:, 0], mixed[:, 2])
