"""Adam with box bounds (Kingma and Ba 2015), for objectives that change from call to call."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from lichen.solve.lbfgs import Iterate, ValueAndGradient


def adam(
    objective: ValueAndGradient,
    start: Tensor,
    *,
    iterations: int,
    learning_rate: float = 0.01,
    final_rate: float = 1.0,
    lower: Tensor | float = -torch.inf,
    upper: Tensor | float = torch.inf,
) -> Iterator[Iterate]:
    """Minimize; the loss of each iterate is that of the point before the step.

    Parameters
    ----------
    objective
        Point -> (loss, gradient, parts).
    start
        Any shape; projected onto the box.
    iterations
        Exactly this many.
    learning_rate
        Step size, in the units of the point.
    final_rate
        Fraction of the learning rate at the last iteration, reached by exponential decay: where
        the gradient is partly random, steps do not shrink by themselves.
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
    point = start.detach().clone().clamp(low, high).requires_grad_()
    optimizer = torch.optim.Adam([point], lr=learning_rate)
    for evaluations in range(1, iterations + 1):
        loss, point.grad, parts = objective(point.detach())
        optimizer.param_groups[0]["lr"] = learning_rate * final_rate ** (evaluations / iterations)
        optimizer.step()
        with torch.no_grad():
            point.clamp_(low, high)
        yield Iterate(point.detach().clone(), loss, parts, evaluations)
