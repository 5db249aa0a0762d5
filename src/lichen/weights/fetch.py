"""Download a weight file: resumable, verified, from the first address that works."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lichen.errors import WeightsError
from lichen.weights.catalogue import Source
from lichen.weights.checksum import is_published, sha256_of
from lichen.weights.lock import exclusive

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 30.0
"""Longest pause within a download before the connection counts as lost."""

ATTEMPTS = 3
"""Times that one address may break off without having sent anything new."""


class _AddressError(Exception):
    """Why one address did not deliver the file."""


def fetch(
    name: str,
    sources: Sequence[Source],
    folder: Path,
    progress: Callable[[str, int, int | None], None] | None = None,
) -> Path:
    """Download the first source that works and whose checksum is right.

    What has been received stays in ``FILE.part``, after Ctrl-C too, and the next call resumes from
    there. Two processes that fetch the same file wait for each other.

    Parameters
    ----------
    name
        Name of the weights, for messages and progress.
    sources
        Addresses in order of preference.
    folder
        Folder of the file, created when absent.
    progress
        Called with the name, the bytes received and the total (None when unknown).

    Returns
    -------
    Path
        The verified file.

    Raises
    ------
    WeightsError
        When no address delivers the file; the message lists each attempt.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_writable(folder, error) from error
    failures: list[str] = []
    for source in sources:
        target = folder / source.file
        with exclusive(folder / f"{source.file}.lock"):
            if target.is_file() and is_published(sha256_of(target), [source.sha256]):
                return target  # another process fetched it while this one waited
            try:
                _fetch_one(name, source, target, progress)
            except _AddressError as error:
                failures.append(f"{source.url}: {error}")
            except OSError as error:
                raise _not_writable(folder, error) from error
            else:
                return target
    raise WeightsError(
        f"could not download {name} ({'; '.join(failures)})",
        f"check the connection, or obtain the file and run: lichen weights add FILE {name}",
    )


def _fetch_one(
    name: str,
    source: Source,
    target: Path,
    progress: Callable[[str, int, int | None], None] | None,
) -> None:
    part = target.with_name(f"{target.name}.part")
    resumed = part.is_file() and part.stat().st_size > 0
    _receive_all(name, source, part, progress)
    digest = sha256_of(part)
    if not is_published(digest, [source.sha256]) and resumed:
        # The old part may have been the bad one: once more from the first byte.
        part.unlink()
        _receive_all(name, source, part, progress)
        digest = sha256_of(part)
    if not is_published(digest, [source.sha256]):
        part.unlink()
        raise _AddressError(f"wrong SHA-256 {digest[:16]}..., expected {source.sha256[:16]}")
    part.replace(target)


def _receive_all(
    name: str,
    source: Source,
    part: Path,
    progress: Callable[[str, int, int | None], None] | None,
) -> None:
    """Fill ``part``, resuming where the connection breaks off as long as more arrives."""
    import httpx

    idle = 0
    timeout = httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
    with httpx.Client(timeout=timeout, follow_redirects=True) as client:
        while True:
            before = part.stat().st_size if part.is_file() else 0
            try:
                _receive(client, name, source, part, progress)
                return
            except httpx.HTTPStatusError as error:
                response = error.response
                raise _AddressError(f"{response.status_code} {response.reason_phrase}") from error
            except (httpx.ReadError, httpx.ReadTimeout, httpx.RemoteProtocolError) as error:
                grown = part.is_file() and part.stat().st_size > before
                idle = 0 if grown else idle + 1
                if idle >= ATTEMPTS:
                    raise _AddressError(str(error) or type(error).__name__) from error
            except httpx.HTTPError as error:  # no such host, refused, endless redirects
                raise _AddressError(str(error) or type(error).__name__) from error


def _receive(
    client: httpx.Client,
    name: str,
    source: Source,
    part: Path,
    progress: Callable[[str, int, int | None], None] | None,
) -> None:
    have = part.stat().st_size if part.is_file() else 0
    # Compressed transfer would make byte ranges mean something else.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", source.url, headers=headers) as response:
        if response.status_code == 416:  # nothing lies beyond what is here
            if _total(response) != have:
                part.unlink()
                _receive(client, name, source, part, progress)
            return
        response.raise_for_status()
        if response.status_code != 206 or _first_byte(response) != have:
            have = 0  # the server sends the whole file
        total = _total(response) or source.size
        with part.open("ab" if have else "wb") as file:
            for block in response.iter_raw():  # a fixed size would lose a cut block
                file.write(block)
                have += len(block)
                if progress is not None:
                    progress(name, have, total)


def _first_byte(response: httpx.Response) -> int | None:
    """First byte of a partial response: 100 for ``Content-Range: bytes 100-199/200``."""
    first = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdigit() else None


def _total(response: httpx.Response) -> int | None:
    """Bytes of the whole file, from a full or a partial response."""
    if response.status_code == 200:
        length = response.headers.get("Content-Length", "")
    else:
        length = response.headers.get("Content-Range", "").rpartition("/")[2]
    return int(length) if length.isdigit() else None


def _not_writable(folder: Path, error: OSError) -> WeightsError:
    return WeightsError(
        f"cannot write weights into {folder}: {error.strerror or error}",
        "free some space, or set LICHEN_CACHE to a folder that you may write to",
    )
