"""A saved picture made again from its own record, to compare."""

from __future__ import annotations

from pathlib import Path

from lichen.result import Provenance, read_provenance
from lichen.run.inputs import Picture, locate
from lichen.run.loop import Run


def rerun(picture: str | Path, exemplar: Picture | None = None) -> tuple[Run, Provenance]:
    """Return the run that makes a saved picture again, and the record that it must reproduce.

    Parameters
    ----------
    picture
        A picture that lichen wrote.
    exemplar
        The exemplar, if it is no longer at the recorded path.
    """
    record = read_provenance(picture)
    return Run(locate(record.again(), Path(picture).parent, exemplar)), record
