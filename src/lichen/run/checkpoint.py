"""Checkpoints, from which interrupted runs are resumed."""

from __future__ import annotations

import json
import time
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from lichen.arrays import Array
from lichen.atomic import atomic_path
from lichen.errors import LichenError, ProvenanceError
from lichen.result import Provenance
from lichen.run.inputs import Picture, locate
from lichen.run.loop import Run
from lichen.step import Step

SUFFIX = ".checkpoint.npz"


def checkpoint_path(output: Path) -> Path:
    """Where the checkpoints of the run that makes ``output`` are kept."""
    return output.with_name(output.name + SUFFIX)


class Checkpointer:
    """Write a run's last step every ``every`` seconds.

    Parameters
    ----------
    path
        The file, replaced as a whole each time.
    every
        Minimum number of seconds between two writes; 0 writes at every step.
    bit_depth
        Of the finished picture; stored for when the resumed run is saved.
    """

    def __init__(self, path: Path, every: float = 10.0, bit_depth: int = 8) -> None:
        if every < 0:
            raise LichenError(f"checkpoint interval {every} s is negative", "use 0 or more")
        self.path = path
        self.every = every
        self.bit_depth = bit_depth
        self._last = time.monotonic()

    def __call__(self, run: Run) -> None:
        """Write if a checkpoint is due."""
        if time.monotonic() - self._last >= self.every:
            self.write(run)

    def write(self, run: Run) -> None:
        """Write now."""
        if run.last is None:
            return
        step = run.last
        about = {field.name: getattr(step, field.name) for field in fields(step)}
        del about["image"], about["sources"]
        about["losses"] = dict(step.losses)
        initial = {} if run.initial_image is None else {"initial_image": run.initial_image}
        with atomic_path(self.path) as temporary:
            np.savez(
                temporary,
                image=step.image,
                step=np.array(json.dumps(about)),
                provenance=np.array(run.provenance().to_json()),
                bit_depth=np.array(self.bit_depth),
                **initial,  # type: ignore[arg-type]
            )
        self._last = time.monotonic()


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The state of an interrupted run.

    Attributes
    ----------
    step, provenance, bit_depth
        Its last step, its record, and the bit depth of its picture.
    initial_image
        float32 (H, W, C): the initial image, if the method that makes it had finished.
    """

    step: Step
    provenance: Provenance
    bit_depth: int
    initial_image: Array | None = None

    def resume(self, folder: Path, exemplar: Picture | None = None) -> Run:
        """Return the run that continues from here; see :func:`resume`."""
        job = locate(self.provenance.job, folder, exemplar)
        return Run.resumed(self.provenance, job, self.step, self.initial_image)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read the checkpoint of an interrupted run.

    Raises
    ------
    ProvenanceError
        If the file is missing or not a checkpoint.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return Checkpoint(
                step=Step(image=stored["image"], **json.loads(str(stored["step"]))),
                provenance=Provenance.from_json(str(stored["provenance"])),
                bit_depth=int(stored["bit_depth"]),
                initial_image=stored.get("initial_image"),
            )
    except FileNotFoundError:
        raise ProvenanceError(
            f"there is no checkpoint {path}", "name the *.checkpoint.npz beside the output"
        ) from None
    except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile):
        if path.suffix == ".pt":
            raise ProvenanceError(
                f"{path} is the checkpoint of a training", "repeat its lichen train: it goes on"
            ) from None
        raise ProvenanceError(
            f"{path} is not a lichen checkpoint", "name the *.checkpoint.npz beside the output"
        ) from None


def resume(checkpoint: str | Path, exemplar: Picture | None = None) -> Run:
    """Return the run that continues from a checkpoint.

    Parameters
    ----------
    checkpoint
        The file that an interrupted run wrote.
    exemplar
        The exemplar, if it is no longer at the recorded path.
    """
    path = Path(checkpoint)
    return read_checkpoint(path).resume(path.parent, exemplar)
