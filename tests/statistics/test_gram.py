"""The Gram loss against the paper's closed form and against slow, obvious sums."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.errors import ParameterError
from lichen.statistics.gram import Covariance, Gram, PrincipalGram, WhitenedGram, gram


def maps_of(seed: int, channels: int, height: int, width: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((1, channels, height, width), generator=generator, dtype=torch.float64)


def slow_gram(maps: torch.Tensor) -> torch.Tensor:
    _, n, h, w = maps.shape
    out = torch.zeros(n, n, dtype=maps.dtype)
    for i in range(n):
        for j in range(n):
            out[i, j] = sum(maps[0, i, y, x] * maps[0, j, y, x] for y in range(h) for x in range(w))
    return out / (h * w)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4))
@settings(max_examples=20, deadline=None)
def test_gram_is_the_mean_of_products(channels: int, height: int, width: int) -> None:
    maps = maps_of(1, channels, height, width)
    torch.testing.assert_close(gram(maps), slow_gram(maps))


@pytest.mark.parametrize("shape", [(3, 4, 5), (8, 7, 3), (1, 1, 1)])
def test_gradient_is_the_papers_closed_form(shape: tuple[int, int, int]) -> None:
    """dE/dF^_ij = ((F^)^T (G^ - G))_ji / (N^2 M^2) where F^_ij > 0, else 0; G not normalized."""
    n, m = shape[0], shape[1] * shape[2]
    before_relu = maps_of(2, *shape).requires_grad_()
    target_maps = maps_of(3, *shape).relu()
    statistic = Gram()
    statistic.loss(before_relu.relu(), statistic.target(target_maps)).backward()

    features = before_relu.detach()[0].relu().reshape(n, m)  # the paper's N x M
    wanted = target_maps[0].reshape(n, m)
    difference = features @ features.T - wanted @ wanted.T  # G^ - G
    closed_form = (features.T @ difference).T / (n**2 * m**2)
    closed_form[features <= 0] = 0
    assert before_relu.grad is not None
    torch.testing.assert_close(before_relu.grad[0].reshape(n, m), closed_form)


def test_papers_printed_sign_would_ascend() -> None:
    """The paper prints G - G^, whose negative is the gradient: a step along it must descend."""
    statistic = Gram()
    maps, target = maps_of(4, 3, 6, 6).relu(), statistic.target(maps_of(5, 3, 6, 6).relu())
    variable = maps.clone().requires_grad_()
    loss = statistic.loss(variable, target)
    loss.backward()
    assert variable.grad is not None
    assert statistic.loss(maps - 1e-3 * variable.grad, target) < loss
    assert statistic.loss(maps + 1e-3 * variable.grad, target) > loss


def test_gradient_equals_finite_differences() -> None:
    statistic = Gram()
    target = statistic.target(maps_of(6, 3, 4, 4))
    variable = maps_of(7, 3, 3, 5).requires_grad_()
    assert torch.autograd.gradcheck(lambda maps: statistic.loss(maps, target), variable)


def test_loss_value_is_the_papers_formula() -> None:
    ours, wanted = maps_of(8, 4, 5, 5), maps_of(9, 4, 5, 5)
    n, m = 4, 25
    unnormalized = (slow_gram(ours) - slow_gram(wanted)) * m
    expected = unnormalized.square().sum() / (4 * n**2 * m**2)
    torch.testing.assert_close(Gram().loss(ours, Gram().target(wanted)), expected)


def test_energy_is_the_loss_of_zero() -> None:
    for statistic in (Gram(), PrincipalGram(2), WhitenedGram()):
        target = statistic.target(maps_of(10, 3, 4, 4))
        zero = statistic.loss(torch.zeros(1, 3, 4, 4, dtype=torch.float64), target)
        assert statistic.energy(target) == pytest.approx(float(zero))


def test_gram_ignores_where_things_are() -> None:
    maps = maps_of(11, 5, 6, 6)
    shuffled = maps[0].reshape(5, -1)[:, torch.randperm(36)].reshape(1, 5, 6, 6)
    torch.testing.assert_close(gram(maps), gram(shuffled))


def test_weights_leave_out_positions() -> None:
    maps = maps_of(12, 3, 4, 6)
    weights = torch.zeros(1, 1, 4, 6, dtype=torch.float64)
    weights[..., :2] = 1
    torch.testing.assert_close(gram(maps, weights), gram(maps[..., :2]))


@pytest.mark.parametrize(
    ("statistic", "count"),
    [(Gram(), 176_640), (PrincipalGram(64), 10_400)],
)
def test_counts_of_the_2015_paper(statistic: Gram | PrincipalGram, count: int) -> None:
    """conv1_1, pool1, pool2, pool3, pool4 of VGG-19."""
    assert sum(statistic.count(n) for n in (64, 64, 128, 256, 512)) == count


def test_count_of_all_layers_to_pool4() -> None:
    convs = [64] * 2 + [128] * 2 + [256] * 4 + [512] * 4
    pools = [64, 128, 256, 512]
    assert sum(Gram().count(n) for n in convs + pools) == 852_128


def test_principal_gram_keeps_the_leading_energy() -> None:
    maps = maps_of(13, 6, 8, 8)
    eigenvalues = torch.linalg.eigvalsh(gram(maps))
    target = PrincipalGram(2).target(maps)
    kept = torch.linalg.eigvalsh(target.gram)
    torch.testing.assert_close(kept, eigenvalues[-2:])


def test_principal_gram_of_all_components_is_the_gram_loss() -> None:
    ours, wanted = maps_of(14, 4, 5, 5), maps_of(15, 4, 5, 5)
    whole = PrincipalGram(99)
    torch.testing.assert_close(
        whole.loss(ours, whole.target(wanted)), Gram().loss(ours, Gram().target(wanted))
    )


def test_whitened_loss_of_power_0_is_the_gram_loss() -> None:
    ours, wanted = maps_of(17, 4, 5, 5), maps_of(18, 4, 5, 5)
    plain = WhitenedGram(power=0)
    torch.testing.assert_close(
        plain.loss(ours, plain.target(wanted)), Gram().loss(ours, Gram().target(wanted))
    )


def test_whitened_loss_of_power_1_does_not_depend_on_how_channels_are_mixed() -> None:
    ours, wanted, mixing = maps_of(19, 4, 6, 6), maps_of(20, 4, 6, 6), maps_of(21, 1, 4, 4)[0, 0]
    mixed = [torch.einsum("ij,bjhw->bihw", mixing, maps) for maps in (ours, wanted)]
    torch.testing.assert_close(_relative_loss(*mixed), _relative_loss(ours, wanted))


def test_whitened_loss_of_power_1_is_the_divergence_of_gaussians() -> None:
    """KL(N(0, G), N(0, G*)) = 1/4 ||G*^-1/2 (G - G*) G*^-1/2||^2 to second order."""
    wanted = maps_of(22, 4, 8, 8)
    ours = wanted + 1e-4 * maps_of(23, 4, 8, 8)
    mean = torch.zeros(4, dtype=torch.float64)
    gaussians = [
        torch.distributions.MultivariateNormal(mean, gram(maps)) for maps in (ours, wanted)
    ]
    divergence = torch.distributions.kl_divergence(*gaussians)
    torch.testing.assert_close(_relative_loss(ours, wanted), divergence, rtol=1e-3, atol=0)


def _relative_loss(ours: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """1/4 ||G*^-1/2 (G - G*) G*^-1/2||^2: the loss of an all-zero matrix of 4 channels is 1."""
    statistic = WhitenedGram(power=1, floor=1e-12)
    target = statistic.target(wanted)
    return statistic.loss(ours, target) / statistic.energy(target)


def test_whitened_gradient_equals_finite_differences() -> None:
    statistic = WhitenedGram()
    target = statistic.target(maps_of(24, 3, 4, 4))
    variable = maps_of(25, 3, 3, 5).requires_grad_()
    assert torch.autograd.gradcheck(lambda maps: statistic.loss(maps, target), variable)


def test_what_an_exemplar_hardly_uses_counts_more_when_whitened() -> None:
    """The same error, along a strong and along a weak channel."""
    wanted = maps_of(26, 2, 16, 16) * torch.tensor([10.0, 0.1]).view(1, 2, 1, 1)

    def ratio(statistic: Gram | WhitenedGram) -> float:
        losses = []
        for channel in range(2):
            ours = wanted.clone()
            ours[:, channel] *= 1.5
            losses.append(float(statistic.loss(ours, statistic.target(wanted))))
        return losses[1] / losses[0]

    assert ratio(Gram()) < 1e-6 < ratio(WhitenedGram()) < 1
    assert ratio(WhitenedGram(power=1, floor=1e-12)) == pytest.approx(1, abs=0.1)


def test_a_dead_layer_has_a_finite_whitened_loss() -> None:
    statistic = WhitenedGram()
    target = statistic.target(torch.zeros(1, 3, 4, 4))
    assert statistic.energy(target) == 0
    assert torch.isfinite(statistic.loss(torch.ones(1, 3, 4, 4), target))


@pytest.mark.parametrize("bad", [{"power": -0.1}, {"power": 1.1}, {"floor": 0.0}])
def test_whitening_out_of_range_is_an_error(bad: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="power between 0 and 1"):
        WhitenedGram(**bad)


def test_no_components_is_an_error() -> None:
    with pytest.raises(ParameterError, match="components = 0"):
        PrincipalGram(0)


def test_half_precision_maps_are_summed_in_float32() -> None:
    maps = (maps_of(16, 4, 64, 64) + 3).to(torch.bfloat16)
    exact = gram(maps.double())
    assert gram(maps).dtype == torch.float32
    torch.testing.assert_close(gram(maps).double(), exact, rtol=1e-5, atol=1e-5)


def test_covariance_is_torchs() -> None:
    maps = maps_of(17, 4, 6, 5)
    expected = torch.cov(maps[0].flatten(1), correction=0)
    torch.testing.assert_close(Covariance().target(maps), expected)
    weights = torch.zeros(1, 1, 6, 5, dtype=torch.float64)
    weights[:, :, :3] = 1
    torch.testing.assert_close(
        Covariance().target(maps, weights), Covariance().target(maps[:, :, :3])
    )


def test_covariance_does_not_see_a_constant_and_its_gradient_is_right() -> None:
    target = Covariance().target(maps_of(18, 3, 4, 4))
    variable = maps_of(19, 3, 5, 4)
    torch.testing.assert_close(
        Covariance().loss(variable + 7, target), Covariance().loss(variable, target)
    )
    assert torch.autograd.gradcheck(
        lambda maps: Covariance().loss(maps, target), (variable + 2).requires_grad_()
    )
