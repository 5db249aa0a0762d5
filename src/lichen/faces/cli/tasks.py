"""``lichen fill``, ``extend``, ``transfer`` and ``analogy``."""

from __future__ import annotations

import click

from lichen import registry
from lichen.faces.cli.method_command import MODEL, MethodCommand
from lichen.faces.cli.picture_options import PictureOptions, picture_options, wrapping
from lichen.run import verbs

PIXELS = click.IntRange(min=0)
COPY_FROM = click.option(
    "--from", "source", help="Another picture to copy from; the photo itself when not given."
)


@click.command(cls=MethodCommand)
@click.argument("photo")
@click.option("--mask", help="Picture of the photo's size; pixels that are not black are holes.")
@COPY_FROM
@click.option(
    "--grow",
    type=PIXELS,
    default=0,
    show_default=True,
    help="Pixels by which holes are enlarged: the rim of a cut-out object often shows.",
)
@wrapping
@picture_options(output="{exemplar}_filled.png", method=registry.DEFAULT_METHOD)
def fill(
    chosen: PictureOptions, photo: str, mask: str | None, source: str | None, grow: int, wrap: str
) -> None:
    """Fill the holes of PHOTO: where it is transparent, and where --mask is not black."""
    chosen.carry_out_one(verbs.fill(photo, mask, source, grow=grow, wrap=wrap, **chosen.of_method))


@click.command(cls=MethodCommand)
@click.argument("photo")
@click.option("--left", type=PIXELS, default=0, help="Pixels to add on the left.")
@click.option("--right", type=PIXELS, default=0, help="Pixels to add on the right.")
@click.option("--top", type=PIXELS, default=0, help="Pixels to add above.")
@click.option("--bottom", type=PIXELS, default=0, help="Pixels to add below.")
@COPY_FROM
@wrapping
@picture_options(output="{exemplar}_extended.png", method=registry.DEFAULT_METHOD)
def extend(
    chosen: PictureOptions,
    photo: str,
    source: str | None,
    wrap: str,
    left: int,
    right: int,
    top: int,
    bottom: int,
) -> None:
    """Continue PHOTO beyond its borders; transparent parts are filled as well."""
    chosen.carry_out_one(
        verbs.extend(
            photo,
            source,
            left=left,
            right=right,
            top=top,
            bottom=bottom,
            wrap=wrap,
            **chosen.of_method,
        )
    )


@click.command(cls=MethodCommand)
@click.argument("texture")
@click.argument("target")
@MODEL
@picture_options(output="{target}_{exemplar}.png", method=registry.DEFAULT_METHOD)
def transfer(chosen: PictureOptions, texture: str, target: str, model: str | None) -> None:
    """Render TARGET in TEXTURE, whose light and dark follow the target's.

    TEXTURE may be the model of a trained method that renders pictures.
    """
    chosen.carry_out_one(verbs.transfer(texture, target, model=model, **chosen.of_method))


@click.command(cls=MethodCommand)
@click.argument("a")
@click.argument("a2")
@click.argument("b")
@wrapping
@picture_options(output="{target}_{exemplar}.png", method="image_analogies")
def analogy(chosen: PictureOptions, a: str, a2: str, b: str, wrap: str) -> None:
    """Make B' so that A is to A' (A2) as B is to B': filters, styles, texture by numbers."""
    chosen.carry_out_one(verbs.analogy(a, a2, b, wrap=wrap, **chosen.of_method))
