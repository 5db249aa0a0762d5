"""Checkpoints: a run that was killed goes on from its last one."""

from __future__ import annotations

import json
import time
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lichen.atomic import atomic_path
from lichen.errors import LichenError, ProvenanceError
from lichen.result import Provenance
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
        Least seconds between two writes; 0 writes at every step.
    bit_depth
        Of the picture that the run is to become; kept for whoever saves the resumed run.
    """

    def __init__(self, path: Path, every: float = 10.0, bit_depth: int = 8) -> None:
        if every < 0:
            raise LichenError(f"checkpoint interval {every} s is negative", "use 0 or more")
        self.path = path
        self.every = every
        self.bit_depth = bit_depth
        self._last = time.monotonic()

    def __call__(self, run: Run) -> None:
        """Write if it is time."""
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
        begun: dict[str, Any] = {} if run.begun is None else {"begun": run.begun}
        with atomic_path(self.path) as temporary:
            np.savez(
                temporary,
                image=step.image,
                step=np.array(json.dumps(about)),
                provenance=np.array(run.provenance().to_json()),
                bit_depth=np.array(self.bit_depth),
                **begun,
            )
        self._last = time.monotonic()

    def remove(self) -> None:
        """Delete the checkpoint of a finished run."""
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What an interrupted run left.

    Attributes
    ----------
    step, provenance, bit_depth
        Its last step, its record, the depth of its picture.
    begun
        float32 (H, W, C): what its canvas's first method made, if that got done.
    """

    step: Step
    provenance: Provenance
    bit_depth: int
    begun: NDArray[np.float32] | None = None


def read_checkpoint(path: Path) -> Checkpoint:
    """Read what an interrupted run left.

    Raises
    ------
    ProvenanceError
        If the file is absent or no checkpoint.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return Checkpoint(
                step=Step(image=stored["image"], **json.loads(str(stored["step"]))),
                provenance=Provenance.from_json(str(stored["provenance"])),
                bit_depth=int(stored["bit_depth"]),
                begun=stored.get("begun"),
            )
    except FileNotFoundError:
        raise ProvenanceError(
            f"there is no checkpoint {path}", "name the *.checkpoint.npz beside the output"
        ) from None
    except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile):
        raise ProvenanceError(
            f"{path} is not a checkpoint of lichen", "name the *.checkpoint.npz beside the output"
        ) from None
