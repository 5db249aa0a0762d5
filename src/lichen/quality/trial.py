"""The human test: which of two crops is from the photo? Its trials and its page.

A two-alternative forced choice: observers who cannot distinguish a method's crops from the photo's
are correct half of the time. Wallis et al. 2017 (A parametric texture model based on deep
convolutional features closely matches texture appearance for humans, Journal of Vision 17)
used an oddity task with three crops, shown for 200 ms or for 2 s.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lichen.atomic import atomic_path
from lichen.errors import ImageError, ParameterError, ProvenanceError, UnknownNameError
from lichen.image import read_image
from lichen.quality.trial_score import COLUMNS, SIDES, Side
from lichen.result import read_provenance

N_PRACTICE = 4
"""Number of practice trials: they come first, have feedback and are not scored."""
SHORTEST_EXPOSURE = 200
"""Shortest exposure, in milliseconds: 12 frames of a 60 Hz screen."""

Point = tuple[int, int]


@dataclass(frozen=True)
class Trial:
    """Two crops side by side.

    Attributes
    ----------
    result
        Index of the result that is shown beside the exemplar.
    real, made
        Row and column of the top left pixel of the exemplar's and of the result's crop.
    side_of_real
        Side on which the exemplar's crop is shown.
    """

    result: int
    real: Point
    made: Point
    side_of_real: Side


def design(
    exemplar: tuple[int, int],
    results: Sequence[tuple[int, int]],
    *,
    n_trials: int,
    crop: int,
    seed: int,
) -> list[Trial]:
    """Draw the trials, ``n_trials`` of each result, in random order.

    The real crop is on the left in half of each result's trials (for an odd number, one more or
    fewer, alternating between results). The two crops of a trial never overlap in pixel
    coordinates: a result that repeats the photo in place would otherwise show the same piece twice.

    Parameters
    ----------
    exemplar, results
        Heights and widths.
    n_trials
        Number of trials of each result, at least 1.
    crop
        Side of the crops, in pixels.
    seed
        Same seed, same trials.

    Raises
    ------
    ParameterError
        If two such crops do not fit.
    """
    largest = largest_crop(exemplar, results)
    if crop > largest:
        raise ParameterError(
            f"two disjoint crops of {crop} pixels do not fit into these pictures",
            f"use `crop` {largest} or less" if largest else "give larger pictures",
        )
    rng = np.random.default_rng(seed)
    surplus = int(rng.integers(2))
    trials = []
    for index, size in enumerate(results):
        for number in range(n_trials):
            real, made = _two_crops(exemplar, size, crop, rng)
            trials.append(Trial(index, real, made, SIDES[(number + index + surplus) % 2]))
    return [trials[i] for i in rng.permutation(len(trials))]


def largest_crop(exemplar: tuple[int, int], results: Sequence[tuple[int, int]]) -> int:
    """Return the largest crop that fits into every picture, and twice into one of each pair."""
    return min(min(*exemplar, *size, max(*exemplar, *size) // 2) for size in results)


def _two_crops(
    exemplar: tuple[int, int], result: tuple[int, int], crop: int, rng: np.random.Generator
) -> tuple[Point, Point]:
    """Draw disjoint crops of the two pictures, each uniformly, the real one first."""
    n_real = (exemplar[0] - crop + 1, exemplar[1] - crop + 1)
    n_made = (result[0] - crop + 1, result[1] - crop + 1)
    # Positions of the real crop that overlap every crop of the result.
    central = [range(side - 2 * crop + 1, crop) for side in result]
    real = _outside(n_real, central, rng)
    return real, _outside(n_made, [range(start - crop + 1, start + crop) for start in real], rng)


def _outside(shape: Point, hole: Sequence[range], rng: np.random.Generator) -> Point:
    """Draw (row, column) uniformly from a grid minus a rectangle."""
    first = [min(max(side.start, 0), n) for side, n in zip(hole, shape, strict=True)]
    last = [
        max(min(side.stop, n), start) for side, n, start in zip(hole, shape, first, strict=True)
    ]
    height, width = last[0] - first[0], last[1] - first[1]
    above_and_below = (shape[0] - height) * shape[1]
    k = int(rng.integers(above_and_below + height * (shape[1] - width)))
    if k < above_and_below:
        row, column = divmod(k, shape[1])
        return row + (height if row >= first[0] else 0), column
    row, column = divmod(k - above_and_below, shape[1] - width)
    return first[0] + row, column + (width if column >= first[1] else 0)


def write_trial(
    exemplar: Path,
    results: Sequence[Path],
    output: Path,
    *,
    n_trials: int = 20,
    crop: int = 96,
    exposure: int = 1000,
    seed: int = 0,
) -> list[Trial]:
    """Write the experiment as one self-contained HTML page; same seed, same page.

    Parameters
    ----------
    exemplar, results
        The photo, and pictures synthesized from it.
    output
        The page.
    n_trials
        Number of trials of each result.
    crop
        Side of the crops, in pixels.
    exposure
        Time that the crops are shown, in ms: 200 or more, or 0 for until the answer.
    seed
        Seed of positions, sides and order.

    Returns
    -------
    list[Trial]
        The scored trials in order.

    Raises
    ------
    LichenError
        For a parameter out of bounds; a picture that cannot be read, is smaller than a crop or
        has transparent pixels; results with the same name; or a page that cannot be written.
    """
    _check(results, output, n_trials, crop, exposure, seed)
    pictures = [_opaque(path) for path in (exemplar, *results)]
    sizes: list[Point] = [(picture.shape[0], picture.shape[1]) for picture in pictures]
    for path, (height, width) in zip((exemplar, *results), sizes, strict=True):
        if min(height, width) < crop:
            raise ImageError(
                f"{path} is {width}x{height}, smaller than a crop of {crop} pixels",
                f"use `crop` {largest_crop(sizes[0], sizes[1:])} or less",
            )
    methods = method_names(results)
    trials = design(sizes[0], sizes[1:], n_trials=n_trials, crop=crop, seed=seed)
    rounds = math.ceil(N_PRACTICE / len(results))
    practice = design(sizes[0], sizes[1:], n_trials=rounds, crop=crop, seed=seed + 1)[:N_PRACTICE]
    experiment: dict[str, Any] = {
        "exemplar": exemplar.stem, "methods": methods, "crop": crop, "exposure": exposure,
        "seed": seed, "practice": [asdict(t) for t in practice],
        "trials": [asdict(t) for t in trials],
    }  # fmt: skip
    page = _page(experiment, [_png(picture) for picture in pictures])
    with atomic_path(output) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return trials


def _check(
    results: Sequence[Path], output: Path, n_trials: int, crop: int, exposure: int, seed: int
) -> None:
    if not results:
        raise ParameterError("no result is given", "give the exemplar and at least one result")
    if output.suffix.lower() not in (".html", ".htm"):
        raise ParameterError(f"`output` {output} is not an HTML file", "name it with .html")
    for name, value, minimum in (("n_trials", n_trials, 1), ("crop", crop, 8), ("seed", seed, 0)):
        if value < minimum:
            raise ParameterError(f"`{name}` = {value} is not allowed", f"use {minimum} or more")
    if exposure != 0 and exposure < SHORTEST_EXPOSURE:
        raise ParameterError(
            f"`exposure` = {exposure} is not allowed",
            f"use {SHORTEST_EXPOSURE} ms or more, or 0 for no limit",
        )


def method_names(results: Sequence[Path]) -> list[str]:
    """Return the names of results: ``method/preset`` from the record, else the file's stem.

    Results of one method and preset with different seeds share a name and are scored together;
    those with other parameters than a preset's are named ``method/stem``.

    Raises
    ------
    ParameterError
        If two files would have the same name without being of one method and preset.
    """
    names = [_recorded_name(path) for path in results]
    stems = Counter(path.stem for path, name in zip(results, names, strict=True) if not name[1])
    for stem, times in stems.items():
        if times > 1:
            raise ParameterError(
                f"{times} results are named {stem}", "give each file a different name"
            )
    if len({path.resolve() for path in results}) < len(results):
        raise ParameterError("a result is given twice", "give each result once")
    return [name for name, _ in names]


def _recorded_name(path: Path) -> tuple[str, bool]:
    """Return the name of a result, and whether it determines all parameters."""
    from lichen import registry

    try:
        job = read_provenance(path).job
    except ProvenanceError:
        return path.stem, False
    try:
        method = registry.method(job.method)
    except UnknownNameError:  # of a package that is not installed here
        return f"{job.method}/{path.stem}", False
    for preset in (None, *method.presets):
        if method.configure(preset).model_dump(mode="json") == job.parameters:
            return f"{job.method}/{preset or 'default'}", True
    return f"{job.method}/{path.stem}", False


def _opaque(path: Path) -> NDArray[np.float32]:
    file = read_image(path)
    if file.mask is not None:
        raise ImageError(f"{path} has transparent pixels", "crop or flatten it first")
    return file.pixels


def _png(pixels: NDArray[np.float32]) -> bytes:
    """Encode (H, W, C) as an 8-bit PNG without a record of its origin."""
    import imagecodecs

    samples = np.round(pixels * 255).astype(np.uint8)
    return bytes(imagecodecs.png_encode(samples[..., 0] if samples.shape[2] == 1 else samples))


def _page(experiment: dict[str, Any], pictures: Sequence[bytes]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    plain = json.dumps(experiment, sort_keys=True).encode()
    identity = hashlib.sha256(b"".join([plain, *pictures])).hexdigest()[:16]
    experiment = {**experiment, "id": identity}
    environment = Environment(
        loader=PackageLoader("lichen.quality"), autoescape=True, undefined=StrictUndefined
    )
    # Names and answers are encoded so that they cannot be read at a glance in the page's source.
    encoded = base64.b64encode(json.dumps(experiment, sort_keys=True).encode()).decode()
    return environment.get_template("trial.html.j2").render(
        experiment=encoded,
        columns=COLUMNS,
        pictures=[base64.b64encode(data).decode() for data in pictures],
        exposure=experiment["exposure"],
        n_practice=len(experiment["practice"]),
        n_trials=len(experiment["trials"]),
    )
