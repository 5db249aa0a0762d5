"""``lichen apply``: the copying of an earlier run, repeated on other pictures."""

from __future__ import annotations

import click

from lichen.faces.cli import template
from lichen.faces.cli.outputs import Outputs, carry_out, check_output
from lichen.faces.cli.picture_options import BIT_DEPTHS, depth_for, describe
from lichen.faces.cli.shared_options import QUIET
from lichen.run import verbs
from lichen.run.loop import Run


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
    """Copy from PICTURE the pixels that MAP, a file of --save-map, names.

    A normal map found later, say, is brought in step with a result that was made without it. Give
    as many pictures as the earlier run had exemplars, in the same order and of the same sizes.

    \b
    lichen synthesize wall.jpg -m patchmatch -o new.png --save-map new.npz
    lichen apply new.npz wall_normal.png -o new_normal.png
    """  # noqa: D301 (click wants the control character)
    run = Run(verbs.apply(source_map, pictures, known))
    picture = template.fill(output, describe(run))
    outputs = Outputs(picture, depth_for(run, picture, bit_depth))
    check_output(run, outputs)
    carry_out(run, outputs, quiet=quiet)
