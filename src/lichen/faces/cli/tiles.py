"""``lichen tiles``: a set of Wang tiles for games and renderers, with index and preview."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import numpy as np

from lichen.atomic import atomic_paths
from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.faces.cli import options
from lichen.faces.cli.outputs import refuse_overwriting
from lichen.image import check_writable, encode_image, parse_size
from lichen.job import Input
from lichen.methods.resampling.wang_tiles import TileSet, WangTiles, join_tiles

OPTIONS = [option for option in options.options(WangTiles) if option.name != "map_weights"]
"""The method's parameters, without the weights of maps: a photo is a single map."""


@click.command()
@click.argument("photo")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The sheet, by default PHOTO_tiles.png; the index (.json) and the preview (_preview) are "
    "written beside it.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same tiles.")
@click.option(
    "--preview",
    default="512x512",
    show_default=True,
    metavar="WIDTHxHEIGHT",
    help="Size of the preview, in pixels.",
)
@click.option("--mask", help="Picture whose bright pixels mark the usable part of PHOTO.")
@click.option("-q", "--quiet", is_flag=True, help="No summary.")
def tiles(
    photo: str,
    output: Path | None,
    seed: int,
    preview: str,
    mask: str | None,
    quiet: bool,
    **parameters: Any,
) -> None:
    """Make Wang tiles from PHOTO, which cover the plane without repeating.

    Tiles whose edges have the same colour match there. The index lists the colours of each tile's
    north, east, south and west edges, and its position in the sheet.
    """
    size = parse_size(preview)
    Canvas(size, seed=seed)  # raises if either is not allowed
    method = WangTiles.configure(**options.given(WangTiles, parameters))
    exemplar = Exemplar.read(photo, mask)
    sheet = output or Path(f"{exemplar.name}_tiles.png")
    index = sheet.with_suffix(".json")
    shown = sheet.with_name(f"{sheet.stem}_preview{sheet.suffix}")
    for picture in (sheet, shown):
        check_writable(picture)
    refuse_overwriting([sheet, index, shown], Input.of(exemplar).paths())
    tile_set = method.tiles([exemplar], seed)
    columns = int(np.ceil(np.sqrt(len(tile_set.tiles))))
    record = {
        "sheet": sheet.name,
        "photo": exemplar.name,
        "sha256": exemplar.sha256,
        "seed": seed,
        "parameters": {**method.model_dump(mode="json"), "tile_size": tile_set.tiles.shape[1]},
        "tiles": _index(tile_set, columns),
    }
    with atomic_paths([sheet, index, shown]) as (first, second, third):
        first.write_bytes(encode_image(sheet, sheet_of(tile_set, columns)))
        second.write_text(json.dumps(record, indent=2) + "\n")
        third.write_bytes(encode_image(shown, tile_set.cover(size, seed)))
    if not quiet:
        side = tile_set.tiles.shape[1]
        click.echo(f"{sheet}: {len(tile_set.tiles)} tiles of {side}x{side}, seed {seed}")
        click.echo(f"{index}: edges and positions; {shown}: a preview of {size[1]}x{size[0]}")


def sheet_of(tile_set: TileSet, columns: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the tiles in rows of ``columns``; the last row is completed with the mean colour."""
    rows = -(-len(tile_set.tiles) // columns)
    missing = rows * columns - len(tile_set.tiles)
    blank = np.broadcast_to(tile_set.tiles.mean((0, 1, 2)), (missing, *tile_set.tiles.shape[1:]))
    padded = np.concatenate([tile_set.tiles, blank.astype(np.float32)])
    return join_tiles(padded, np.arange(rows * columns).reshape(rows, columns))


def _index(tile_set: TileSet, columns: int) -> list[Mapping[str, int]]:
    side = tile_set.tiles.shape[1]
    return [
        {
            "number": number,
            **dict(zip(("north", "east", "south", "west"), map(int, colours), strict=True)),
            "x": number % columns * side,
            "y": number // columns * side,
            "width": side,
            "height": side,
        }
        for number, colours in enumerate(tile_set.edges)
    ]


tiles.params += OPTIONS
