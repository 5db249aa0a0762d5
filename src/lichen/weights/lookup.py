"""Where the weights of a network are: a path, ``$LICHEN_WEIGHTS``, the cache, the package."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from lichen.errors import WeightsError
from lichen.weights.catalogue import ROWS, WeightsFile, WeightsRow, rows_of
from lichen.weights.checksum import is_published, sha256_of
from lichen.weights.places import EMBEDDED, is_offline, own_weights, weights_cache

Progress = Callable[[str, int, int | None], None]
"""Called with the name of the weights, the bytes received, and the total, None when unknown."""

Place = Literal["path", "$LICHEN_WEIGHTS", "cache", "package"]


def find_weights(
    name: str,
    path: Path | None = None,
    download: bool = True,
    progress: Progress | None = None,
) -> WeightsFile:
    """Find the weights of a network.

    Look-up order: ``path``; ``$LICHEN_WEIGHTS`` (a folder or a file); the user's cache; the
    package; a download into the cache, unless ``download`` is False or ``LICHEN_OFFLINE=1``.

    Parameters
    ----------
    name
        A row of the catalogue (``vgg19-caffe``) or a network (``vgg19``), whose rows are tried
        in the catalogue's order.
    path
        A file, or a folder that holds one under one of its known names.
    download
        Whether absent weights may be downloaded.
    progress
        Called during a download.

    Raises
    ------
    UnknownNameError
        When no row and no network has the name.
    WeightsError
        When the weights are absent, or a file is not what its name says.
    """
    rows = rows_of(name)
    if path is not None:
        return checked(*_in_path(rows, name, path.expanduser()))
    for row, file, _ in present_files(rows):
        return checked(row, file)
    downloadable = [row for row in rows if row.sources]
    if downloadable and download and not is_offline():
        from lichen.weights.fetch import fetch

        row = downloadable[0]
        return checked(row, fetch(row.name, row.sources, weights_cache(), progress))
    raise WeightsError(f"the weights of {name} are not on this machine", how_to_get(rows))


def present_files(rows: tuple[WeightsRow, ...]) -> Iterator[tuple[WeightsRow, Path, Place]]:
    """Yield every file of these rows in the usual places, in the order of the look-up."""
    own = own_weights()
    if own is not None and own.is_file():
        row = identify(own, rows)
        if row is not None:
            yield row, own, "$LICHEN_WEIGHTS"
    elif own is not None and not own.is_dir():
        raise WeightsError(
            f"$LICHEN_WEIGHTS is {str(own)!r}, which is neither a folder nor a file",
            "set it to a folder that holds weight files, or unset it",
        )
    folders: list[tuple[Path, Place]] = [(weights_cache(), "cache")]
    if own is not None and own.is_dir():
        folders.insert(0, (own, "$LICHEN_WEIGHTS"))
    for folder, place in folders:
        for row in rows:
            for file in row.files:
                if (folder / file).is_file():
                    yield row, folder / file, place
    for row in rows:
        embedded = EMBEDDED / f"{row.name}.safetensors"
        if row.embedded and embedded.is_file():
            yield row, embedded, "package"


def identify(path: Path, rows: tuple[WeightsRow, ...] = ROWS) -> WeightsRow | None:
    """Find the row that a file belongs to: by its name, checksum, metadata, or tensors."""
    for row in ROWS:
        if path.name in row.files:
            return row if row in rows else None
    digest = sha256_of(path)
    for row in ROWS:
        if is_published(digest, row.checksums()):
            return row if row in rows else None
    from lichen.weights.read import named_network, network_class, read_metadata, tensor_names

    named = named_network(read_metadata(path))
    if named is not None:
        return next((row for row in rows if row.architecture == named), None)
    names = tensor_names(path)
    layout = "torchvision" if any(n.startswith("features.") for n in names) else "layers"
    fitting = [row for row in rows if network_class(row.architecture).fits(names)]
    same_layout = [row for row in fitting if row.layout == layout]
    return next(iter(same_layout or fitting), None)


def how_to_get(rows: tuple[WeightsRow, ...]) -> str:
    """Return what to download and where to put it, for an error."""
    if rows[0].embedded:
        return f"reinstall Lichen, or train one with: {rows[0].training}"
    if rows[0].training:
        return f"train one with: {rows[0].training}, and pass that file as weights"
    places = f"put it into {weights_cache()} or into a folder that $LICHEN_WEIGHTS names"
    for row in rows:
        if row.sources:
            source = row.sources[0]
            return f"fetch {source.url} (SHA-256 {source.sha256}) and {places}"
    return f"get a file {' or '.join(rows[0].files)} and {places}"


def _in_path(rows: tuple[WeightsRow, ...], name: str, path: Path) -> tuple[WeightsRow, Path]:
    if path.is_dir():
        for row in rows:
            for file in row.files:
                if (path / file).is_file():
                    return row, path / file
        wanted = ", ".join(file for row in rows for file in row.files)
        raise WeightsError(f"the folder {path} has no weights of {name}", f"it may hold: {wanted}")
    if not path.is_file():
        raise WeightsError(f"there is no weight file {path}", how_to_get(rows))
    found = identify(path, rows)
    if found is None:
        raise WeightsError(
            f"{path} does not hold the weights of {name}",
            "use a file of this network, or the name of the file's network",
        )
    return found, path


def checked(row: WeightsRow, path: Path) -> WeightsFile:
    """Hash a file, and refuse it when a checksum is published for its name and is another."""
    digest = sha256_of(path)
    published = row.checksums(path.name)
    if published and not is_published(digest, published):
        raise WeightsError(
            f"{path} is damaged: its SHA-256 is {digest[:16]}... and not {published[0]}",
            f"delete it and run: lichen weights fetch {row.name}",
        )
    return WeightsFile(row, path, digest)
