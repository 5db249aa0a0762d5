from __future__ import annotations

import pytest
import torch
from torch import Tensor

from lichen.features.steerable_pyramid import partial_lowpasses
from lichen.portilla_simoncelli.gauss_newton import MIN_DAMPING, _factor, descend
from lichen.portilla_simoncelli.loss import PortillaSimoncelliLoss
from lichen.solve.lbfgs import lbfgs

SETTINGS = {"n_scales": 2, "n_neighbours": 5}


def texture(seed: int, planes: int = 1, side: int = 48) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn((planes, side, side), generator=generator, dtype=torch.float64)
    smooth = partial_lowpasses(noise, 1)[0]
    return smooth + 0.4 * smooth.square()


def norm(loss: PortillaSimoncelliLoss, planes: Tensor) -> float:
    with torch.no_grad():
        return float(loss.residuals(planes).norm())


def plainly(loss: PortillaSimoncelliLoss, start: Tensor, iterations: int) -> Tensor:
    """The same by L-BFGS on the squares of the residuals."""

    def objective(point: Tensor) -> tuple[float, Tensor, dict[str, float]]:
        point = point.detach().requires_grad_()
        value = loss.residuals(point).square().sum()
        (gradient,) = torch.autograd.grad(value, point)
        return float(value.detach()), gradient, {}

    *_, last = lbfgs(objective, start, iterations=iterations, memory=50)
    return last.point


def test_all_statistics_are_met_where_plain_descent_stalls() -> None:
    loss = PortillaSimoncelliLoss(texture(0)[None], **SETTINGS)
    start = torch.randn((1, 48, 48), generator=torch.Generator().manual_seed(1)).double()
    *_, last = descend(loss, start, iterations=150, memory=50, limit=lambda planes: planes)
    assert norm(loss, last.point) < 1e-5
    slow = plainly(loss, start, 150)
    assert norm(loss, slow) > 100 * norm(loss, last.point)


def test_the_best_is_given_and_never_rises() -> None:
    loss = PortillaSimoncelliLoss(texture(0, planes=2)[None], **SETTINGS)
    start = torch.randn((2, 48, 48), generator=torch.Generator().manual_seed(1)).double()
    found = list(descend(loss, start, iterations=60, memory=20, limit=lambda planes: planes))
    losses = [iterate.loss for iterate in found]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] == pytest.approx(norm(loss, found[-1].point) ** 2)
    assert losses[-1] < 1e-3 * losses[0]


def test_what_is_measured_keeps_to_the_limit() -> None:
    loss = PortillaSimoncelliLoss(texture(0)[None], **SETTINGS)
    low, high = loss.target.planes.pixels[0, 4:]

    def limit(planes: Tensor) -> Tensor:
        return planes.clamp(low, high)

    start = torch.randn((1, 48, 48), generator=torch.Generator().manual_seed(1)).double()
    *_, last = descend(loss, start, iterations=100, memory=50, limit=limit)
    assert norm(loss, limit(last.point)) < 1e-3


def test_where_no_picture_has_the_statistics_it_comes_as_near_as_plain_descent() -> None:
    """Those of a large image that does not tile, imposed on a small one."""
    ramp = torch.linspace(-2, 2, 96, dtype=torch.float64)
    loss = PortillaSimoncelliLoss((texture(0, side=96) + ramp)[None], size=(24, 24), **SETTINGS)
    start = torch.randn((1, 24, 24), generator=torch.Generator().manual_seed(1)).double()
    *_, last = descend(loss, start, iterations=100, memory=50, limit=lambda planes: planes)
    assert norm(loss, last.point) < 1.01 * norm(loss, plainly(loss, start, 100))


def test_a_flat_picture_stays() -> None:
    loss = PortillaSimoncelliLoss(torch.full((1, 1, 48, 48), 0.5, dtype=torch.float64), **SETTINGS)
    start = torch.zeros(1, 48, 48, dtype=torch.float64)
    for iterate in descend(loss, start, iterations=3, memory=5, limit=lambda planes: planes):
        assert torch.isfinite(iterate.point).all()


def test_products_that_rounding_made_indefinite_are_damped_more() -> None:
    products = torch.diag(torch.tensor([1.0, -1e-5], dtype=torch.float64))
    factor = _factor(products, MIN_DAMPING)
    damped = factor @ factor.T
    assert 1e-5 < float((damped - products)[0, 0]) < 2e-4
    assert torch.linalg.eigvalsh(damped)[0] > 0
