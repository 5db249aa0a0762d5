"""Options that several commands of ``lichen probe`` share, and what is read of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lichen.features.extractor import FeatureExtractor

    Array = NDArray[np.float32]

Command = Callable[..., None]

NETWORK = click.option(
    "--network", default="encoder", show_default=True,
    help="encoder, vgg19, squeezenet, autoencoder, random-vgg, random-filters or pixels.",
)  # fmt: skip
WEIGHTS = click.option(
    "--weights", type=click.Path(path_type=Path), help="File of the network's weights."
)
LAYER = click.option("--layer", required=True, help="Such as relu3_1.")
LAYERS = click.option("--layers", help="Names with commas; the network's own when not given.")
SEED = click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same bytes.")
QUIET = click.option("-q", "--quiet", is_flag=True, help="No bar, no summary.")


def output(default: str, help: str) -> Callable[[Command], Command]:
    """Give ``-o``."""
    return click.option(
        "-o", "--output", type=click.Path(path_type=Path), default=default, show_default=True,
        help=help,
    )  # fmt: skip


def data(of_what: str) -> Callable[[Command], Command]:
    """Give ``--data``."""
    return click.option(
        "--data", type=click.Path(path_type=Path), help=f"An .npz file for the {of_what}."
    )


def iterations(default: int) -> Callable[[Command], Command]:
    """Give ``--iterations``."""
    return click.option(
        "--iterations", type=click.IntRange(1), default=default, show_default=True,
        help="Of the solver, for each picture.",
    )  # fmt: skip


def crop(default: int) -> Callable[[Command], Command]:
    """Give ``--crop``."""
    return click.option(
        "--crop", type=click.IntRange(8), default=default, show_default=True,
        help="Look at the middle of PHOTO, of at most so many pixels a side.",
    )  # fmt: skip


def load_network(name: str, weights: Path | None) -> FeatureExtractor:
    """Load the network of ``--network`` and ``--weights``."""
    from lichen.probe.subject import as_features

    return as_features(name, weights)


def read_middle(photo: str, side: int) -> Array:
    """Read the middle of a picture."""
    from lichen.probe.subject import pixels_of

    pixels = pixels_of(photo)
    height, width = (min(side, length) for length in pixels.shape[:2])
    top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
    return pixels[top : top + height, left : left + width]


def layer_names(layers: str | None) -> list[str] | None:
    """Read ``relu1_1,relu2_1``."""
    return None if layers is None else [name.strip() for name in layers.split(",") if name.strip()]


def numbers(text: str) -> list[int]:
    """Read ``0,3,8-11``.

    Raises
    ------
    ParameterError
        For what is no number.
    """
    from lichen.errors import ParameterError

    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if not first.isdigit() or not (last or first).isdigit():
            raise ParameterError(f"channels {text!r} are no numbers", "write them as 0,3,8-11")
        found += range(int(first), int(last or first) + 1)
    return found
