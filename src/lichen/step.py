"""One event of a running method, for progress bar, page, log, video and checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lichen.arrays import Array, IntArray


@dataclass(frozen=True, eq=False)
class Step:
    """The state of a run after one iteration.

    Attributes
    ----------
    image
        float32 (H, W, C) in [0, 1]: the picture so far, of its level's size.
    losses
        Loss by name; ``"total"`` is what the solver minimizes.
    level, n_levels
        Pyramid level, 0 the coarsest, out of ``n_levels``.
    iteration, n_iterations
        Iterations done at this level, out of those planned.
    fraction
        Fraction of the run's work done, 0 to 1.
    sources
        int32 (H, W, 3): exemplar, row and column that each pixel was copied from, -1 for known
        pixels and those not yet synthesized; None for methods that do not copy.
    """

    image: Array
    losses: Mapping[str, float] = field(default_factory=dict)
    level: int = 0
    n_levels: int = 1
    iteration: int = 0
    n_iterations: int = 1
    fraction: float = 0.0
    sources: IntArray | None = None
