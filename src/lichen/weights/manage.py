"""List, fetch, verify and add weights."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lichen.atomic import atomic_path
from lichen.errors import LichenError, WeightsError
from lichen.weights.catalogue import ROWS, WeightsFile, WeightsRow, row_named, rows_of
from lichen.weights.checksum import is_published, sha256_of
from lichen.weights.fetch import fetch
from lichen.weights.lookup import (
    Place,
    Progress,
    checked,
    find_weights,
    how_to_get,
    identify,
    present_files,
)
from lichen.weights.places import is_offline, weights_cache
from lichen.weights.read import is_safetensors, read_tensors


@dataclass(frozen=True)
class WeightsStatus:
    """Where the weights of one row are on this machine.

    Attributes
    ----------
    row
        The row.
    place
        ``package``, ``cache`` or ``$LICHEN_WEIGHTS``; None when absent.
    path, size
        The file and its bytes; for absent weights None and the size of the download, if known.
    """

    row: WeightsRow
    place: Place | None
    path: Path | None
    size: int | None


@dataclass(frozen=True)
class Verification:
    """The outcome of verifying a file.

    Attributes
    ----------
    file
        The file with its SHA-256.
    checked
        ``checksum`` when a published checksum agrees; ``tensors`` when none is published, and
        all tensors of the network are present, of the right shape and finite.
    """

    file: WeightsFile
    checked: Literal["checksum", "tensors"]


def list_weights() -> list[WeightsStatus]:
    """Return where each known set of weights is; reads no file."""
    return [_status(row) for row in ROWS]


def fetch_weights(name: str, progress: Progress | None = None) -> WeightsFile:
    """Download weights into the cache, unless they are there and undamaged.

    Raises
    ------
    UnknownNameError
        When no row and no network has the name.
    WeightsError
        When there is nothing to download from, or no address works.
    """
    row = next((row for row in rows_of(name) if row.sources), row_named(name))
    if row.embedded:
        return find_weights(row.name, download=False)
    if not row.sources:
        raise WeightsError(
            f"there is no known address of {row.name}",
            f"obtain the file and run: lichen weights add FILE {row.name}",
        )
    if is_offline():
        raise WeightsError(f"LICHEN_OFFLINE forbids downloading {row.name}", how_to_get((row,)))
    path = fetch(row.name, row.sources, weights_cache(), progress)
    return WeightsFile(row, path, sha256_of(path))


def verify_weights(name: str) -> Verification:
    """Check the file that a run would use: its tensors, and its checksum where one is published.

    Raises
    ------
    UnknownNameError
        When no row and no network has the name.
    WeightsError
        When the weights are absent or damaged.
    """
    file = find_weights(name, download=False)
    read_tensors(file)
    published = is_published(file.sha256, file.row.checksums())
    return Verification(file, "checksum" if published else "tensors")


def add_weights(file: str | Path, name: str) -> WeightsFile:
    """Check a weight file and copy it into the cache.

    Parameters
    ----------
    file
        A safetensors file or a PyTorch state dict.
    name
        The row or network that it belongs to.

    Raises
    ------
    UnknownNameError
        When no row and no network has the name.
    WeightsError
        When the file cannot be read or holds another network.
    """
    path, rows = Path(file).expanduser(), rows_of(name)
    if not path.is_file():
        raise WeightsError(f"there is no file {path}", "pass the path of a weight file")
    row = identify(path, rows)
    if row is None:
        raise WeightsError(
            f"{path} does not hold the weights of {name}",
            f"known: {', '.join(row.name for row in ROWS)}",
        )
    found = checked(row, path)
    read_tensors(found)
    target = weights_cache() / _kept_name(found)
    _copy(path, target)
    return WeightsFile(row, target, found.sha256)


def _kept_name(file: WeightsFile) -> str:
    for source in file.row.sources:
        if is_published(file.sha256, [source.sha256]):
            return source.file
    return f"{file.row.name}.{'safetensors' if is_safetensors(file.path) else 'pth'}"


def _copy(path: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(target) as temporary:
            shutil.copyfile(path, temporary)
    except (OSError, LichenError) as error:
        reason = error.problem if isinstance(error, LichenError) else error.strerror or error
        raise WeightsError(
            f"cannot copy {path} to {target}: {reason}",
            "set LICHEN_CACHE to a folder that you may write to",
        ) from error


def _status(row: WeightsRow) -> WeightsStatus:
    for _, path, place in present_files((row,)):
        return WeightsStatus(row, place, path, path.stat().st_size)
    return WeightsStatus(row, None, None, row.sources[0].size if row.sources else None)
