"""Sheets of pictures: what each resampling method makes of photographs, and what tasks it does.

    python examples/resampling_gallery.py sheets
    python examples/resampling_gallery.py sheets wall.png moss.png --methods quilting graphcut
    python examples/resampling_gallery.py sheets --fill photo.png mask.png --extend photo.png
    python examples/resampling_gallery.py sheets --maps albedo.png normal=normal.png

With no pictures named it takes photographs that scikit-image brings along (CC0). Each method has a
sheet with a row for each exemplar, and so has each task; ``overview`` has all methods.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import skimage
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

import lichen
from lichen import registry

Array = NDArray[np.float32]
Picture = str | Path | Array
Given = Picture | tuple[str, Picture]
Cell = tuple[str, Array]
TaskCells = tuple[list[Cell], list[Cell]]
"""What a task is given, and what is made."""

FAMILY = [name for name, row in registry.METHODS.items() if ".resampling." in row.target]
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "patchmatch": [{}],
    "quilting": [{}, {"seams": "matched"}, {"seams": "random"}],
    "graphcut": [{}, {"preset": "best"}],
    "efros_leung": [{}, {"preset": "fine"}, {"preset": "coarse"}],
    "wei_levoy": [{}, {"preset": "paper"}],
    "ashikhmin": [{}, {"preset": "paper"}],
    "k_coherence": [{}, {"preset": "structured"}, {"preset": "paper"}],
    "random_phase": [{}, {"kind": "adsn"}],
}
"""What is shown of a method on its own sheet; of all others the default."""
ALL_VARIANTS = ("patchmatch", "quilting")
"""Methods whose variants are in the overview, too."""

COLUMNS = 8
"""Of the overview."""
GAP, LABEL = 4, 14
"""Pixels between pictures, and above them for the label."""
MARK = np.array([1, 0, 0.6], np.float32)
"""Colour of holes."""


def method_sheet(
    method: str, photos: Iterable[Array], size: tuple[int, int], seed: int
) -> list[list[Cell]]:
    """Give a row for each photo: the exemplar, and the method's results."""
    return [
        [("exemplar", photo), *results(method, VARIANTS.get(method, [{}]), photo, size, seed)]
        for photo in photos
    ]


def overview(
    methods: Iterable[str], photos: Iterable[Array], size: tuple[int, int], seed: int
) -> list[list[Cell]]:
    """Give rows of ``COLUMNS`` pictures: each photo, and what all methods make of it."""
    rows = []
    for photo in photos:
        cells = [("exemplar", photo)]
        for method in methods:
            ways = VARIANTS.get(method, [{}])
            ways = ways if method in ALL_VARIANTS else ways[:1]
            cells += results(method, ways, photo, size, seed)
        rows += [cells[first : first + COLUMNS] for first in range(0, len(cells), COLUMNS)]
    return rows


def results(
    method: str, ways: Iterable[dict[str, Any]], photo: Array, size: tuple[int, int], seed: int
) -> Iterator[Cell]:
    """Yield what a method makes of a photo in several ways; it may refuse small photos."""
    for parameters in ways:
        try:
            made = lichen.synthesize(photo, method=method, size=size, seed=seed, **parameters)
        except lichen.LichenError as refusal:
            print(refusal)
        else:
            yield " ".join([method, *parameters.values()]), made.image


def fill(method: str, photo: Picture, mask: Picture) -> TaskCells:
    """Give the photo and its holes; the photo without them."""
    picture = pixels_of(photo)
    marked = np.where(pixels_of(mask)[..., :1] > 0.02, MARK, picture)
    made = lichen.fill(photo, mask, method=method, grow=2, seed=1)
    return [("photo", picture), ("holes", marked)], [(f"fill, {method}", made.image)]


def extend(method: str, photo: Picture) -> TaskCells:
    """Give the photo; one that is half as large again."""
    picture = pixels_of(photo)
    rows, columns = (length // 4 for length in picture.shape[:2])
    sides = {"left": columns, "right": columns, "top": rows, "bottom": rows}
    larger = lichen.extend(photo, method=method, seed=1, **sides)
    return [("photo", picture)], [(f"extend, {method}", larger.image)]


def transfer(method: str, texture: Picture, target: Picture) -> TaskCells:
    """Give texture and target; the target rendered in the texture."""
    given = [("texture", pixels_of(texture)), ("target", pixels_of(target))]
    made = lichen.transfer(texture, target, method=method, seed=1)
    return given, [(f"transfer, {method}", made.image)]


def analogy(method: str, a: Picture, a2: Picture, b: Picture, **parameters: Any) -> TaskCells:
    """Give A, A' and B; B'."""
    given = [("A", pixels_of(a)), ("A'", pixels_of(a2)), ("B", pixels_of(b))]
    made = lichen.analogy(a, a2, b, method=method, seed=1, **parameters)
    return given, [(f"B', {method}", made.image)]


def maps(method: str, photo: Picture, *named: Given) -> TaskCells:
    """Give the maps of a material; those of a new one, and where its pixels come from."""
    files = dict(one if isinstance(one, tuple) else named_file(str(one)) for one in named)
    made = lichen.synthesize(photo, maps=files, method=method, seed=1)
    given = [(name, pixels_of(picture)) for name, picture in [("color", photo), *files.items()]]
    new = [(f"new {name}", image) for name, image in made.map_images().items()]
    return given, [*new, *sources(made)]


def together(method: str, photo: Picture, *others: Picture) -> TaskCells:
    """Give examples of one texture; what is made of all, and where its pixels come from."""
    made = lichen.synthesize(photo, also=others, method=method, seed=1)
    examples = [("example", pixels_of(given)) for given in (photo, *others)]
    return examples, [(f"together, {method}", made.image), *sources(made)]


def named_file(text: str) -> tuple[str, str]:
    """Read ``NAME=FILE``."""
    name, _, file = text.partition("=")
    return name, file


def sources(result: lichen.Result) -> list[Cell]:
    """Show the map of sources, where there is one: a colour for each place of the exemplar."""
    return [] if result.source_map is None else [("sources", result.source_map.picture())]


def pixels_of(picture: Picture) -> Array:
    """Read a picture that is a file."""
    return picture if isinstance(picture, np.ndarray) else lichen.read_image(picture).pixels


def centre(picture: Array, side: int) -> Array:
    """Cut out the middle, of at most ``side`` pixels."""
    height, width = (min(side, length) for length in picture.shape[:2])
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return picture[top : top + height, left : left + width]


def scikit_image(name: str, side: int = 512) -> Array:
    """Read the middle of a photograph that scikit-image brings along."""
    return centre(pixels_of(Path(skimage.__file__).parent / "data" / name), side)


def labels(shape: tuple[int, int]) -> Array:
    """Draw a label map: a disc and a bar."""
    rows, columns = np.mgrid[: shape[0], : shape[1]] / np.array(shape)[:, None, None]
    disc = (rows - 0.4) ** 2 + (columns - 0.4) ** 2 < 0.08
    bar = (rows > 0.75) & (rows < 0.9)
    drawn: Array = (disc | bar).astype(np.float32)[..., None]
    return drawn


def default_tasks() -> dict[str, list[tuple[Given, ...]]]:
    """Give each task pictures of scikit-image, and label maps that are drawn."""
    brick, gravel, grass = (
        scikit_image(f"{name}.png", 256) for name in ("brick", "gravel", "grass")
    )
    cat, coffee = (scikit_image(name, 256) for name in ("chelsea.png", "coffee.png"))
    halves = np.concatenate([gravel[:, :128], brick[:, :128]], axis=1)
    numbers = np.zeros((256, 256, 1), np.float32)
    numbers[:, 128:] = 1
    smooth = gaussian_filter(gravel, (3, 3, 0))
    edges = np.hypot(*np.gradient(gaussian_filter(cat.mean(2), 1.5)))[..., None]
    drawing = np.clip(1 - 12 * edges, 0, 1).astype(np.float32)
    return {
        "fill": [(brick, labels(brick.shape[:2])), (grass, labels(grass.shape[:2]))],
        "extend": [(brick,), (gravel,)],
        "transfer": [(gravel, cat), (brick, coffee)],
        "numbers": [(numbers, halves, labels((256, 256)))],
        "style": [(cat, drawing, coffee)],
        "maps": [(gravel, ("height", smooth))],
        "together": [(grass, gravel)],
    }


def sheet(rows: list[list[Cell]], width: int) -> Image.Image:
    """Lay out labelled pictures on white; shrink the sheet to ``width`` if it is wider."""
    heights = [LABEL + GAP + max(cell.shape[0] for _, cell in row) for row in rows]
    total = max(sum(cell.shape[1] + GAP for _, cell in row) - GAP for row in rows)
    page = Image.new("RGB", (total, sum(heights) - GAP), "white")
    pen = ImageDraw.Draw(page)
    top = 0
    for row, height in zip(rows, heights, strict=True):
        left = 0
        for label, pixels in row:
            coloured = np.broadcast_to(pixels, (*pixels.shape[:2], 3))
            picture = Image.fromarray((coloured * 255).round().astype(np.uint8))
            pen.text((left, top), label, fill="black", font_size=12)
            page.paste(picture, (left, top + LABEL))
            left += pixels.shape[1] + GAP
        top += height
    if total > width:
        page = page.resize((width, page.height * width // total), Image.Resampling.LANCZOS)
    return page


@dataclass(frozen=True)
class Task:
    """What makes a task's pictures, what its method must honour, and the pictures it takes."""

    cells: Callable[..., TaskCells]
    honours: str
    count: str | int
    names: tuple[str, ...]
    methods: tuple[str, ...] = ()


TASKS = {
    "fill": Task(fill, "known", 2, ("PHOTO", "MASK")),
    "extend": Task(extend, "known", 1, ("PHOTO",)),
    "transfer": Task(transfer, "guide", 2, ("TEXTURE", "TARGET")),
    "numbers": Task(analogy, "guide", 3, ("A", "A2", "B")),
    "style": Task(
        partial(analogy, preset="painting"), "guide", 3, ("A", "A2", "B"), ("image_analogies",)
    ),
    "maps": Task(maps, "maps", "+", ("PHOTO", "NAME=FILE")),
    "together": Task(together, "exemplars", "+", ("PHOTO", "OTHER")),
}


def task_row(task: Task, methods: Iterable[str], pictures: Iterable[Given]) -> list[Cell]:
    """Give what a task is given, and what each method makes of it."""
    row: list[Cell] = []
    for method in methods:
        given, made = task.cells(method, *pictures)
        row = [*(row or given), *made]
    return row


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("output", type=Path, help="folder for the sheets")
    parser.add_argument("exemplars", nargs="*", type=Path)
    parser.add_argument("--methods", nargs="+", default=FAMILY, choices=FAMILY, metavar="METHOD")
    parser.add_argument(
        "--task-methods", nargs="+", default=["patchmatch"], choices=FAMILY, metavar="METHOD",
        help="methods that do the tasks, where they can",
    )  # fmt: skip
    parser.add_argument("--overview", action="store_true", help="no sheets of single methods")
    parser.add_argument("--side", type=int, default=192, help="largest side of the exemplars")
    parser.add_argument("--size", type=int, help="side of the results; --side when not given")
    parser.add_argument("--width", type=int, default=1600, help="largest width of a sheet")
    parser.add_argument("--format", choices=("jpg", "png"), default="jpg")
    parser.add_argument("--quality", type=int, default=85, help="of the JPEG files")
    parser.add_argument("--seed", type=int, default=1)
    for name, task in TASKS.items():
        parser.add_argument(
            f"--{name}", nargs=task.count, action="append", metavar=task.names, default=[]
        )
    return parser.parse_intermixed_args()


def main() -> None:
    """Write the sheets that the command line asks for."""
    given = arguments()
    given.output.mkdir(parents=True, exist_ok=True)

    def write(name: str, rows: list[list[Cell]]) -> None:
        target = given.output / f"{name}.{given.format}"
        sheet(rows, given.width).save(target, quality=given.quality)
        print(target)

    tasks = {name: getattr(given, name) for name in TASKS}
    photos = [centre(pixels_of(file), given.side) for file in given.exemplars]
    if not photos and not any(tasks.values()):
        tasks = default_tasks()
        photos = [scikit_image(f"{name}.png", given.side) for name in ("gravel", "brick", "grass")]
    size = (given.size or given.side,) * 2
    if photos:
        for method in () if given.overview else given.methods:
            write(method, method_sheet(method, photos, size, given.seed))
        write("overview", overview(given.methods, photos, size, given.seed))
    for name, task in TASKS.items():
        methods = [
            method
            for method in task.methods or given.task_methods
            if task.honours in registry.method(method).capabilities()
        ]
        if methods and tasks[name]:
            write(name, [task_row(task, methods, pictures) for pictures in tasks[name]])


if __name__ == "__main__":
    try:
        main()
    except lichen.LichenError as error:
        raise SystemExit(str(error)) from None
