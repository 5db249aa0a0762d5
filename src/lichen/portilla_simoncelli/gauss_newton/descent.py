"""Descent on Portilla-Simoncelli statistics in the metric of their gradients.

Let r be the residuals of a picture x (what its statistics miss) and J their gradients, R rows. Many
statistics say nearly the same, above all those of the coarsest scales, which have few samples: the
eigenvalues of J J^T span ten orders of magnitude, and descent on |r|^2 creeps along the small
ones. The least change of the picture that undoes all misses to first order is -J^T (J J^T)^-1 r
(Gauss and Newton); its square, r^T (J J^T)^-1 r, is the loss that is descended on here, by L-BFGS,
with J J^T held for some iterations and then made again: near the solution all its curvatures are
alike. For 710 statistics of 256 x 256 pixels J J^T costs as much as a dozen gradients
(:mod:`lichen.portilla_simoncelli.gauss_newton.pyramid_gradients`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from lichen.portilla_simoncelli.gauss_newton.pyramid_gradients import gradient_products
from lichen.portilla_simoncelli.loss import PortillaSimoncelliLoss
from lichen.solve.lbfgs import Iterate, lbfgs

LEAST_DAMPING = 1e-6
"""Added to J J^T, relative to its norm; what float32 needs.

|r|^2 is added where that is more: far off the solution long steps lead nowhere, and with a square
of r convergence stays quadratic (Yamashita and Fukushima, Computing Suppl. 15, 2001).
"""

REFRESH = 25
"""Iterations between one J J^T and the next."""

ENOUGH = 0.9
"""Share of the squares to which such a turn must bring them; else the next one is damped more."""

MOST_CAUTION = 1e6
"""Where descent in this metric is that on |r|^2 itself, and nothing is left to gain."""

BEYOND = 0.1
"""What a square of colour beyond the limit costs beside a square of change."""


def descend(
    loss: PortillaSimoncelliLoss,
    start: Tensor,
    *,
    iterations: int,
    memory: int,
    limit: Callable[[Tensor], Tensor],
) -> Iterator[Iterate]:
    """Bring all statistics of a picture to the exemplar's.

    Parameters
    ----------
    loss
        Of the exemplar.
    start
        (P, H, W), planes.
    iterations
        At most; fewer when nothing is gained any more.
    memory
        Pairs that L-BFGS remembers.
    limit
        Planes -> the nearest that are allowed. What is measured is the picture that they give.

    Yields
    ------
    Iterate
        After each iteration, the best point so far and its loss, without the group ``range``.
    """
    best = Iterate(start, float(loss.residuals(limit(start)).square().sum()), {}, 0)
    done, caution = 0, 1.0
    while done < iterations and caution < MOST_CAUTION:
        weights = loss.residual_weights.double()
        products = gradient_products(limit(best.point), loss.target) * weights * weights[:, None]
        factor = _factor(products, max(caution * best.loss, LEAST_DAMPING)).to(start)
        objective = partial(_value_and_gradient, loss, factor, limit)
        before = best.loss
        for iterate in lbfgs(
            objective, best.point, iterations=min(REFRESH, iterations - done), memory=memory
        ):
            if iterate.parts["squares"] < best.loss:
                best = replace(iterate, loss=iterate.parts["squares"])
            done += 1
            yield best
        if best.loss >= ENOUGH * before:
            caution *= 10


def _factor(products: Tensor, damping: float) -> Tensor:
    """Triangular factor of the products, damped relative to their norm."""
    norm = float(torch.linalg.matrix_norm(products)) or 1.0  # a flat picture has no gradients
    unit = norm * torch.eye(len(products), dtype=products.dtype)
    while damping < 1:
        factor, failed = torch.linalg.cholesky_ex(products + damping * unit)
        if not failed:
            return factor
        damping *= 10  # rounding made a square negative
    return torch.linalg.cholesky(products + damping * unit)


def _value_and_gradient(
    loss: PortillaSimoncelliLoss,
    factor: Tensor,
    limit: Callable[[Tensor], Tensor],
    planes: Tensor,
) -> tuple[float, Tensor, dict[str, float]]:
    planes = planes.detach().requires_grad_()
    inside = limit(planes)
    residuals = loss.residuals(inside)
    misses = torch.linalg.solve_triangular(factor, residuals[:, None], upper=False)
    # A colour beyond the limit has no part in what is measured: it is pulled back.
    value = misses.square().sum() + BEYOND * (planes - inside).square().sum()
    (gradient,) = torch.autograd.grad(value, planes)
    return float(value.detach()), gradient, {"squares": float(residuals.detach().square().sum())}
