from __future__ import annotations

import pytest
import torch
from torch import Tensor

from lichen.portilla_simoncelli import gauss_newton
from lichen.portilla_simoncelli.gauss_newton import jacobian_products
from lichen.portilla_simoncelli.loss import PortillaSimoncelliLoss


def correlated(planes: int, height: int, width: int, seed: int) -> Tensor:
    """(P, H, W) float64: not Gaussian, and its planes not independent."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn((planes, height, width), generator=generator, dtype=torch.float64)
    image = noise + torch.roll(noise, 1, -1) + 0.3 * noise.square()
    image[1:] += 0.5 * image[:1]
    return image


def one_by_one(loss: PortillaSimoncelliLoss, planes: Tensor) -> Tensor:
    """The same products by autograd: a backward pass for every statistic."""
    variable = planes.clone().requires_grad_()
    rows = [
        torch.autograd.grad(residual, variable, retain_graph=True)[0].flatten()
        for residual in loss.residuals(variable) / loss.residual_weights
    ]
    gradients = torch.stack(rows)
    return gradients @ gradients.T


def relative(products: Tensor, wanted: Tensor) -> Tensor:
    """Differences in units of the gradients' lengths."""
    lengths = wanted.diagonal().sqrt()
    return (products - wanted).abs() / (lengths[:, None] * lengths)


@pytest.mark.parametrize(
    ("planes", "size", "scales", "orientations", "neighbours"),
    [
        (1, (32, 32), 2, 4, 5),
        (1, (30, 37), 2, 3, 5),  # odd, and 4 does not divide it
        (1, (16, 20), 1, 1, 3),  # no parents, no pairs
        (2, (33, 31), 1, 4, 3),
        (3, (32, 28), 2, 2, 3),
    ],
)
def test_equal_those_of_autograd(
    planes: int, size: tuple[int, int], scales: int, orientations: int, neighbours: int
) -> None:
    loss = PortillaSimoncelliLoss(
        correlated(planes, *size, seed=0)[None],
        n_scales=scales,
        n_orientations=orientations,
        n_neighbours=neighbours,
    )
    given = correlated(planes, *size, seed=1)
    products = jacobian_products(given, loss.target)
    assert relative(products, one_by_one(loss, given)).max() < 1e-10


def test_in_float32() -> None:
    exemplar = correlated(1, 32, 32, seed=0)[None].float()
    loss = PortillaSimoncelliLoss(exemplar, n_scales=2, n_neighbours=5)
    given = correlated(1, 32, 32, seed=1)
    single = jacobian_products(given.float(), loss.target)
    exact = one_by_one(PortillaSimoncelliLoss(exemplar.double(), n_scales=2, n_neighbours=5), given)
    assert relative(single, exact).max() < 1e-4


def test_of_a_sample_of_frequencies_they_are_near_and_no_square_is_negative(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loss = PortillaSimoncelliLoss(correlated(1, 96, 96, seed=0)[None], n_scales=2)
    given = correlated(1, 96, 96, seed=1)
    exact = jacobian_products(given, loss.target)
    monkeypatch.setattr(gauss_newton, "MAX_FREQUENCIES", 600)  # of 3456
    sampled = jacobian_products(given, loss.target)
    assert relative(sampled, exact).max() > 1e-6
    assert relative(sampled, exact).mean() < 3 / 600**0.5
    values = torch.linalg.eigvalsh(sampled)
    assert values[0] > -1e-12 * values[-1]
