"""One event of a training, for bar, log, preview and checkpoint alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lichen.arrays import Array

if TYPE_CHECKING:
    from lichen.model import Model


@dataclass(frozen=True, eq=False)
class TrainStep:
    """The state of a training after one step, or of reading or making its data.

    Attributes
    ----------
    stage
        ``training``, or what comes before it: ``reading``, ``making pictures``.
    step, n_steps
        Steps done at this stage, out of those planned.
    losses
        Loss by name; ``"total"`` is what is minimized, ``"held out"`` that of data which are
        never trained on, where it was measured.
    preview
        float32 (H, W, C) in [0, 1], where one was due.
    model
        What the training came to; on the last step only.
    notes
        Sentences for the user: a picture that was left out, and why.
    """

    stage: str
    step: int
    n_steps: int
    losses: Mapping[str, float] = field(default_factory=dict)
    preview: Array | None = None
    model: Model | None = None
    notes: tuple[str, ...] = ()

    @property
    def fraction(self) -> float:
        """Fraction of the stage's work that is done, 0 to 1."""
        return self.step / self.n_steps if self.n_steps else 1.0
