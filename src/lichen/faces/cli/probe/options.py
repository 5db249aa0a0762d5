"""Options that several commands of ``lichen probe`` share, and how their values are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lichen.arrays import Array

Command = Callable[..., None]

NETWORK = click.option(
    "--network", default="encoder", show_default=True,
    help="encoder, vgg19, squeezenet, autoencoder, random-vgg, random-filters or pixels.",
)  # fmt: skip
WEIGHTS = click.option(
    "--weights", type=click.Path(path_type=Path), help="File of the network's weights."
)
LAYER = click.option("--layer", required=True, help="Layer such as relu3_1.")
LAYERS = click.option(
    "--layers", help="Layers, separated by commas; by default those of the network."
)
SEED = click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same bytes.")


def output(default: str, help: str) -> Callable[[Command], Command]:
    """Return the option ``-o``."""
    return click.option(
        "-o", "--output", type=click.Path(path_type=Path), default=default, show_default=True,
        help=help,
    )  # fmt: skip


def data(content: str) -> Callable[[Command], Command]:
    """Return the option ``--data``."""
    return click.option(
        "--data", type=click.Path(path_type=Path), help=f"File (.npz) for the {content}."
    )


def iterations(default: int) -> Callable[[Command], Command]:
    """Return the option ``--iterations``."""
    return click.option(
        "--iterations", type=click.IntRange(1), default=default, show_default=True,
        help="Iterations of the solver, for each picture.",
    )  # fmt: skip


def crop(default: int) -> Callable[[Command], Command]:
    """Return the option ``--crop``."""
    return click.option(
        "--crop", type=click.IntRange(8), default=default, show_default=True,
        help="Largest side of the central crop of PHOTO, in pixels.",
    )  # fmt: skip


def read_centre(photo: str, side: int) -> Array:
    """Read the central crop of a picture, at most ``side`` pixels on each side."""
    from lichen.probe.inputs import pixels_of

    pixels = pixels_of(photo)
    height, width = (min(side, length) for length in pixels.shape[:2])
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    return pixels[top : top + height, left : left + width]


def layer_names(layers: str | None) -> list[str] | None:
    """Parse ``relu1_1,relu2_1``."""
    return None if layers is None else [name.strip() for name in layers.split(",") if name.strip()]


def channel_numbers(text: str) -> list[int]:
    """Parse ``0,3,8-11``.

    Raises
    ------
    ParameterError
        If a part is neither a number nor a range.
    """
    from lichen.errors import ParameterError

    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdigit() or not (last or first).isdigit():
            raise ParameterError(f"`channels` {text!r} are not numbers", "write them as 0,3,8-11")
        found += range(int(first), int(last or first) + 1)
    return found
