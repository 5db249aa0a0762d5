"""``lichen apply``: the copying of an earlier run, repeated on other pictures."""

from __future__ import annotations

import click

from lichen.faces.cli import template
from lichen.faces.cli.making import BIT_DEPTHS, QUIET, depth_for, describe
from lichen.faces.cli.saving import Outputs, check_output, make
from lichen.run.applying import apply as repeat


@click.command()
@click.argument("source_map", metavar="MAP")
@click.argument("pictures", nargs=-1, required=True, metavar="PICTURE...")
@click.option("--known", help="Picture of the result's size with the pixels that are no copies.")
@click.option(
    "-o",
    "--output",
    default="{exemplar}_applied.png",
    show_default=True,
    help="File or template with {exemplar} {width} {height}.",
)
@click.option("--bit-depth", type=BIT_DEPTHS, help="The pictures' when not given.")
@QUIET
def apply(
    source_map: str,
    pictures: tuple[str, ...],
    known: str | None,
    output: str,
    bit_depth: str | None,
    quiet: bool,
) -> None:
    """Copy from PICTURE what MAP, which --save-map wrote, says: a normal map found later, say.

    As many pictures as the run had examples, in the same order and of the same sizes.

    \b
    lichen synthesize wall.jpg -m patchmatch -o new.png --save-map new.npz
    lichen apply new.npz wall_normal.png -o new_normal.png
    """  # noqa: D301 (click wants the control character)
    run = repeat(source_map, pictures, known)
    picture = template.fill(output, describe(run))
    outputs = Outputs(picture, depth_for(run, picture, bit_depth))
    check_output(run, outputs)
    make(run, outputs, quiet=quiet)
