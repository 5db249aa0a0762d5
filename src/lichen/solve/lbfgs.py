"""L-BFGS with box bounds, by gradient projection (Liu and Nocedal 1989; Bertsekas 1982).

Variables at a bound whose gradient points out of the box are held fixed; the others take a
quasi-Newton step, projected onto the box, with an Armijo backtracking line search. With bounds of
``(-inf, inf)`` it is plain L-BFGS.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

ValueAndGradient = Callable[[Tensor], tuple[float, Tensor, dict[str, float]]]
"""Point -> (loss, gradient, parts of the loss by name)."""

ARMIJO = 1e-4
MAX_TRIALS = 5
"""Of a line search. More pay only where rounding errors dominate; there it is better to stop."""


@dataclass(frozen=True)
class Iterate:
    """The outcome of an iteration: the point, its loss, and the parts of the loss by name."""

    point: Tensor
    loss: float
    parts: dict[str, float]
    evaluations: int


def lbfgs(
    objective: ValueAndGradient,
    start: Tensor,
    *,
    iterations: int,
    memory: int = 20,
    lower: Tensor | float = -torch.inf,
    upper: Tensor | float = torch.inf,
) -> Iterator[Iterate]:
    """Minimize; the loss never increases from one iterate to the next.

    Parameters
    ----------
    objective
        Point -> (loss, gradient, parts).
    start
        Any shape; projected onto the box.
    iterations
        At most this many; fewer where no further descent is possible in the precision of the loss.
    memory
        Correction pairs kept: steps, and the changes of the gradient along them.
    lower, upper
        Bounds, broadcast to the shape of ``start``.

    Yields
    ------
    Iterate
        After every iteration.
    """
    low, high = (
        torch.as_tensor(bound, dtype=start.dtype, device=start.device) for bound in (lower, upper)
    )
    point = start.detach().clone().clamp(low, high)
    loss, gradient, parts = objective(point)
    pairs: deque[tuple[Tensor, Tensor, float]] = deque(maxlen=memory)
    evaluations = 1
    for _ in range(iterations):
        free = ~(((point <= low) & (gradient > 0)) | ((point >= high) & (gradient < 0)))
        direction = -_two_loops(gradient * free, pairs) * free
        if float((direction * gradient).sum()) >= 0:
            pairs.clear()  # the history no longer describes this face of the box
            direction = -gradient * free
        largest = float(direction.abs().max())
        if largest == 0:
            return
        # Without history the scale is unknown: at first no value moves by more than 1/10.
        step = 1.0 if pairs else min(1.0, 0.1 / largest)
        for _trial in range(MAX_TRIALS):
            trial = (point + step * direction).clamp(low, high)
            slope = float(((trial - point) * gradient).sum())
            trial_loss, trial_gradient, trial_parts = objective(trial)
            evaluations += 1
            if trial_loss <= loss + ARMIJO * slope:
                break
            step *= _shrink(loss, slope, trial_loss)
        else:
            if not pairs:
                return
            pairs.clear()
            continue
        moved, change = trial - point, trial_gradient - gradient
        curvature = float((moved * change).sum())
        if curvature > 1e-10 * float(change.square().sum()):
            pairs.append((moved, change, 1.0 / curvature))
        point, loss, gradient, parts = trial, trial_loss, trial_gradient, trial_parts
        yield Iterate(point, loss, parts, evaluations)


def _shrink(loss: float, slope: float, trial_loss: float) -> float:
    """Return the factor for the next trial: the minimum of a parabola, within [0.1, 0.5]."""
    rise = trial_loss - loss - slope
    if not rise > 0:  # or the trial's loss is NaN
        return 0.1
    return min(max(-slope / (2 * rise), 0.1), 0.5)


def _two_loops(gradient: Tensor, pairs: deque[tuple[Tensor, Tensor, float]]) -> Tensor:
    """Return the product of the inverse Hessian's estimate and the gradient: two-loop recursion."""
    product = gradient.clone()
    coefficients = []
    for moved, change, rho in reversed(pairs):
        alpha = rho * float(torch.dot(moved.flatten(), product.flatten()))
        product.add_(change, alpha=-alpha)
        coefficients.append(alpha)
    if pairs:
        moved, change, rho = pairs[-1]
        product.mul_(1.0 / (rho * float(torch.dot(change.flatten(), change.flatten()))))
    for (moved, change, rho), alpha in zip(pairs, reversed(coefficients), strict=True):
        beta = rho * float(torch.dot(change.flatten(), product.flatten()))
        product.add_(moved, alpha=alpha - beta)
    return product
