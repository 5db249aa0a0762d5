"""L-BFGS with bounds against closed forms and SciPy's L-BFGS-B."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy.optimize import minimize, rosen

from lichen.solve.adam import adam
from lichen.solve.lbfgs import Iterate, lbfgs

Objective = Callable[[torch.Tensor], tuple[float, torch.Tensor, dict[str, float]]]


def from_function(function: Callable[[torch.Tensor], torch.Tensor]) -> Objective:
    def objective(point: torch.Tensor) -> tuple[float, torch.Tensor, dict[str, float]]:
        point = point.clone().requires_grad_()
        value = function(point)
        value.backward()
        assert point.grad is not None
        return float(value.detach()), point.grad, {"whole": float(value.detach())}

    return objective


def rosenbrock(x: torch.Tensor) -> torch.Tensor:
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def quadratic(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    root = torch.randn((n, n), generator=generator, dtype=torch.float64)
    matrix = root @ root.T + 0.1 * torch.eye(n, dtype=torch.float64)
    return matrix, torch.randn(n, generator=generator, dtype=torch.float64)


def last(iterates: object) -> Iterate:
    found = list(iterates)  # type: ignore[call-overload]
    assert found
    return found[-1]  # type: ignore[no-any-return]


def test_quadratic_reaches_the_solution_of_the_linear_system() -> None:
    matrix, b = quadratic(12, 0)
    objective = from_function(lambda x: 0.5 * x @ matrix @ x - b @ x)
    end = last(lbfgs(objective, torch.zeros(12).double(), iterations=300))
    torch.testing.assert_close(end.point, torch.linalg.solve(matrix, b), atol=1e-5, rtol=1e-4)


def test_rosenbrock_as_scipy_sees_it() -> None:
    start = torch.full((6,), -1.2, dtype=torch.float64)
    end = last(lbfgs(from_function(rosenbrock), start, iterations=500))
    assert rosen(end.point.numpy()) < 1e-8


@pytest.mark.parametrize("seed", range(5))
def test_bounded_quadratic_equals_scipys_lbfgsb(seed: int) -> None:
    matrix, b = quadratic(15, seed)
    bounds = [(-0.1, 0.3)] * 15
    peer = minimize(
        lambda x: (0.5 * x @ matrix.numpy() @ x - b.numpy() @ x, matrix.numpy() @ x - b.numpy()),
        np.zeros(15),
        jac=True,
        bounds=bounds,
        method="L-BFGS-B",
        options={"ftol": 1e-15, "gtol": 1e-10},
    )
    objective = from_function(lambda x: 0.5 * x @ matrix @ x - b @ x)
    end = last(lbfgs(objective, torch.zeros(15).double(), iterations=500, lower=-0.1, upper=0.3))
    assert end.loss == pytest.approx(peer.fun, abs=1e-6)
    np.testing.assert_allclose(end.point.numpy(), peer.x, atol=1e-3)


def test_loss_never_rises_and_bounds_hold_at_every_iterate() -> None:
    matrix, b = quadratic(20, 9)
    objective = from_function(lambda x: 0.5 * x @ matrix @ x - b @ x + (x**4).sum())
    start = torch.full((20,), 5.0, dtype=torch.float64)
    losses = []
    for iterate in lbfgs(objective, start, iterations=60, lower=-0.2, upper=0.2):
        losses.append(iterate.loss)
        assert float(iterate.point.abs().max()) <= 0.2
        assert objective(iterate.point)[0] == pytest.approx(iterate.loss)
    assert all(later <= earlier for earlier, later in itertools.pairwise(losses))


def test_a_minimum_at_the_start_ends_at_once() -> None:
    objective = from_function(lambda x: (x**2).sum())
    assert list(lbfgs(objective, torch.zeros(3), iterations=5)) == []


def test_far_from_the_minimum_few_evaluations_are_wasted() -> None:
    matrix, b = quadratic(30, 3)
    objective = from_function(lambda x: 0.5 * x @ matrix @ x - b @ x)
    end = last(lbfgs(objective, torch.zeros(30).double(), iterations=40))
    assert end.evaluations <= 60


def test_a_not_a_number_trial_is_backed_away_from() -> None:
    objective = from_function(lambda x: (x - torch.log(x)).sum())  # NaN at x < 0, minimum at 1
    end = last(lbfgs(objective, torch.full((4,), 0.05, dtype=torch.float64), iterations=100))
    torch.testing.assert_close(end.point, torch.ones(4).double(), atol=1e-4, rtol=0)


def test_adam_takes_its_iterations_and_keeps_the_box() -> None:
    objective = from_function(lambda x: ((x - 3) ** 2).sum())
    iterates = list(
        adam(objective, torch.zeros(4), iterations=300, learning_rate=0.05, lower=0.0, upper=2.0)
    )
    assert len(iterates) == 300
    torch.testing.assert_close(iterates[-1].point, torch.full((4,), 2.0))
    free = list(adam(objective, torch.zeros(4), iterations=600, learning_rate=0.05))
    torch.testing.assert_close(free[-1].point, torch.full((4,), 3.0), atol=1e-2, rtol=0)
