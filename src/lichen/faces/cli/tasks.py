"""``lichen fill``, ``extend``, ``transfer`` and ``analogy``: tasks beside plain synthesis."""

from __future__ import annotations

import click

from lichen import registry
from lichen.faces.cli.making import Making, making, wrapping
from lichen.faces.cli.method_options import MethodCommand
from lichen.run import tasks

PIXELS = click.IntRange(min=0)
COPY_FROM = click.option(
    "--from", "source", help="Another picture to copy from; the photo itself when not given."
)


@click.command(cls=MethodCommand)
@click.argument("photo")
@click.option("--mask", help="Picture of the photo's size; what is not black in it is a hole.")
@COPY_FROM
@click.option(
    "--grow",
    type=PIXELS,
    default=0,
    show_default=True,
    help="Pixels by which holes are made larger: the edge of what was cut out often shows.",
)
@wrapping
@making(output="{exemplar}_filled.png", method=registry.DEFAULT_METHOD)
def fill(
    making: Making, photo: str, mask: str | None, source: str | None, grow: int, wrap: str
) -> None:
    """Fill the holes of PHOTO: where it is transparent, and where --mask is not black."""
    making.make_one(tasks.fill(photo, mask, source, grow=grow, wrap=wrap, **making.how))


@click.command(cls=MethodCommand)
@click.argument("photo")
@click.option("--left", type=PIXELS, default=0, help="Pixels to add on this side.")
@click.option("--right", type=PIXELS, default=0, help="And on this one.")
@click.option("--top", type=PIXELS, default=0, help="And above.")
@click.option("--bottom", type=PIXELS, default=0, help="And below.")
@COPY_FROM
@wrapping
@making(output="{exemplar}_extended.png", method=registry.DEFAULT_METHOD)
def extend(
    making: Making,
    photo: str,
    source: str | None,
    wrap: str,
    left: int,
    right: int,
    top: int,
    bottom: int,
) -> None:
    """Continue PHOTO beyond its borders; where it is transparent it is filled, too."""
    making.make_one(
        tasks.extend(
            photo, source, left=left, right=right, top=top, bottom=bottom, wrap=wrap, **making.how
        )
    )


@click.command(cls=MethodCommand)
@click.argument("texture")
@click.argument("target")
@click.option(
    "--blur",
    type=click.FloatRange(min=0),
    default=2.0,
    show_default=True,
    help="Standard deviation, in pixels, by which the luminances to be compared are blurred.",
)
@making(output="{target}_{exemplar}.png", method=registry.DEFAULT_METHOD)
def transfer(making: Making, texture: str, target: str, blur: float) -> None:
    """Render TARGET in TEXTURE, whose light and dark follow the target's."""
    making.make_one(tasks.transfer(texture, target, blur=blur, **making.how))


@click.command(cls=MethodCommand)
@click.argument("a")
@click.argument("a2")
@click.argument("b")
@wrapping
@making(output="{target}_{exemplar}.png", method="image_analogies")
def analogy(making: Making, a: str, a2: str, b: str, wrap: str) -> None:
    """Make B' so that A is to A' (A2) as B is to B': filters, styles, texture by numbers."""
    making.make_one(tasks.analogy(a, a2, b, wrap=wrap, **making.how))
