"""Errors a user can act on: what was given, what is allowed, what to do instead.

A parameter is named as Python has it, in backticks: "`size` 0x4 has no pixels". A face substitutes
its own word for it, such as a flag.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class LichenError(Exception):
    """Base of every error that the user can correct; faces print it as one line.

    Parameters
    ----------
    problem
        What is wrong, naming the parameter or file and the value given.
    remedy
        What to type, install or change instead.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(problem, remedy)

    def __str__(self) -> str:
        line = f"{self.problem}; {self.remedy}" if self.remedy else self.problem
        return " ".join(line.split())


class ImageError(LichenError):
    """A picture that cannot be read, used or written."""


class ParameterError(LichenError):
    """A parameter outside what its method allows."""


class UnknownNameError(ParameterError):
    """An unknown name of a method, layer, network or preset."""


class CanvasError(LichenError):
    """A canvas asks for something that the method does not honour."""


class NotHonouredError(CanvasError):
    """A method is asked for what it cannot do.

    Attributes
    ----------
    requested
        All capabilities that were asked for.
    """

    def __init__(self, problem: str, remedy: str, requested: frozenset[str]) -> None:
        super().__init__(problem, remedy)
        self.requested = requested


class DeviceError(LichenError):
    """A device that this machine, or this torch, does not have."""


class OutOfMemoryError(LichenError):
    """A device that ran out of memory."""


class MethodError(LichenError):
    """A registered method that cannot be imported."""


class WeightsError(LichenError):
    """Weights of a network that are missing, damaged or not understood."""


class ModelError(LichenError):
    """A model that is missing, damaged, or not one of the method that reads it."""


class TrainingError(LichenError):
    """Data that cannot be trained on, or a training that cannot continue."""


class JobError(LichenError):
    """A job that cannot be read or carried out."""


class ProvenanceError(LichenError):
    """A picture without a usable record of how it was made."""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> UnknownNameError:
    """Return the error for an unknown name, with the nearest known ones."""
    names, typed = sorted(set(known)), str(name).lower()
    near = difflib.get_close_matches(typed, names, n=3, cutoff=0.5)
    near = (
        near or [known_name for known_name in names if typed and known_name.startswith(typed)][:3]
    )
    remedy = (
        f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(names) or 'none'}"
    )
    return UnknownNameError(f"no {kind} is named {name!r}", remedy)
