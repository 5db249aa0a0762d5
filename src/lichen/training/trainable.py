"""What can be trained: parameters, the data that it takes, and a training of steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

from numpy.typing import NDArray

from lichen.exemplar import Exemplar
from lichen.method import Configurable, Context
from lichen.training.step import TrainStep

if TYPE_CHECKING:
    from lichen.training.checkpoint import TrainingState

Source = str | Path | NDArray[Any] | Exemplar
"""A folder of pictures, a picture file, or a picture."""

DataKind = Literal["nothing", "pictures", "pairs", "domains"]


@dataclass(frozen=True)
class DataFormat:
    """What a kind of data is given as.

    Attributes
    ----------
    metavar
        As a command line shows it.
    fewest, most
        Sources; ``most`` is None where any number is allowed.
    summary
        One line.
    """

    metavar: str
    fewest: int
    most: int | None
    summary: str


DATA: Mapping[DataKind, DataFormat] = {
    "nothing": DataFormat("", 0, 0, "made by code"),
    "pictures": DataFormat("PICTURES...", 1, None, "pictures, or folders of them"),
    "pairs": DataFormat("A B", 2, 2, "two pictures, or folders in which A and B have equal names"),
    "domains": DataFormat("A B", 2, 2, "two folders of pictures, one for each domain"),
}
"""Kinds of data that trainings take."""


class Resumable(Protocol):
    """A training whose state can be kept: the loop."""

    def state(self) -> TrainingState:
        """Return the state after the last step."""


@dataclass
class TrainContext(Context):
    """What a training gets beside what a run gets.

    Attributes
    ----------
    checkpoint
        State of an interrupted training to go on from.
    measure_every
        Steps between measurements on data that are held out.
    preview_every
        Steps between previews; 0 for none.
    workers
        Processes that read the data.
    loop
        Set by the training's loop, so that whoever takes its steps can keep its state.
    """

    checkpoint: TrainingState | None = None
    measure_every: int = 100
    preview_every: int = 0
    workers: int = 0
    loop: Resumable | None = field(default=None, repr=False)


class Trainable(Configurable, ABC):
    """Something with weights to be learnt: a trained method, or a network of features.

    Attributes
    ----------
    trains_on
        Kind of data, of :data:`DATA`.
    stored_as
        Precision of the weights in its model file.
    """

    explained_by: ClassVar[str] = "lichen train {name} --help"
    trains_on: ClassVar[DataKind]
    stored_as: ClassVar[Literal["float16", "float32"]] = "float32"

    @abstractmethod
    def train(self, data: Sequence[Source], context: TrainContext) -> Iterator[TrainStep]:
        """Yield a step for each picture that is read and each update; the last has the model.

        Parameters
        ----------
        data
            As many sources as :attr:`trains_on` takes.
        context
            Randomness, device, previews and resumption.

        Raises
        ------
        TrainingError
            When the data cannot be trained on, or the loss diverges.
        """
