"""``lichen synthesize``: every parameter of the chosen method is a flag."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from lichen import registry
from lichen.errors import ParameterError
from lichen.exemplar import Exemplar
from lichen.faces import parameters
from lichen.faces.commands.method_options import MethodCommand
from lichen.faces.commands.saving import check_output, files_read, make, refuse_overwriting
from lichen.faces.template import check_distinct, fill
from lichen.run.loop import Run
from lichen.run.synthesis import prepare

DEFAULT_METHOD = "gatys"


@click.command(cls=MethodCommand)
@click.argument("exemplars", nargs=-1, required=True, metavar="PHOTO...")
@click.option(
    "-o",
    "--output",
    default="{exemplar}_{method}_{seed}.png",
    show_default=True,
    help="File or template with {exemplar} {method} {preset} {seed} {index} {width} {height}; "
    "an existing file is replaced, but never a photo, mask or initial image that is read.",
)
@click.option("-s", "--size", help="WIDTHxHEIGHT in pixels; the photo's when not given.")
@click.option(
    "-m", "--method", default=DEFAULT_METHOD, show_default=True, help="See lichen methods."
)
@click.option("-p", "--preset", help="A preset of the method.")
@click.option("--tile", is_flag=True, help="Make the result tile (short for --wrap both).")
@click.option("--wrap", help="both, none, rows or columns: the axes that wrap around.")
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same picture.")
@click.option(
    "-n",
    "--number",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Variations of each photo, with seeds counting up from --seed.",
)
@click.option(
    "--init",
    default="noise",
    show_default=True,
    help="Start from noise, exemplar, or a picture file.",
)
@click.option("--mask", help="Picture whose bright pixels mark what of the photo may be used.")
@click.option(
    "--bit-depth",
    type=click.Choice(["8", "16", "32"]),
    default="8",
    show_default=True,
    help="Of the output; 16 for PNG and TIFF, 32 (float) for TIFF.",
)
@click.option(
    "--video",
    help="Film of the run, once it has ended: .gif .webp .png .mp4 .webm; may be a template.",
)
@click.option(
    "--checkpoint-every",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    help="Seconds between checkpoints.",
)
@click.option("--progress/--no-progress", default=None, help="A bar; by default on a terminal.")
@click.option("-q", "--quiet", is_flag=True, help="No bar, no summary.")
def synthesize(
    exemplars: tuple[str, ...],
    output: str,
    method: str,
    preset: str | None,
    tile: bool,
    wrap: str | None,
    seed: int,
    number: int,
    mask: str | None,
    bit_depth: str,
    video: str | None,
    checkpoint_every: float,
    progress: bool | None,
    quiet: bool,
    **wanted: Any,
) -> None:
    """Make new pictures of a material from PHOTO.

    Ctrl-C saves the best picture so far; `lichen resume` goes on from there.
    """
    if tile and wrap not in (None, "both"):
        raise ParameterError(f"--tile and --wrap {wrap} disagree", "give one of them")
    chosen = parameters.given(registry.get(method), wanted)
    depth = int(bit_depth)

    def runs() -> Iterator[Run]:
        """Read one photo at a time: a batch may be larger than the memory."""
        for photo in exemplars:
            example = Exemplar.read(photo, mask)
            for variation in range(number):
                yield prepare(
                    example,
                    size=wanted["size"],
                    method=method,
                    preset=preset,
                    wrap="both" if tile else (wrap or "none"),
                    seed=seed + variation,
                    init=wanted["init"],
                    **chosen,
                )

    paths: list[Path] = []
    films: list[Path | None] = []
    inputs: list[Path] = []
    for run in runs():  # all is checked before anything is computed
        about = _about(run, preset, run.canvas.seed - seed)
        paths.append(fill(output, about))
        films.append(None if video is None else fill(video, about))
        inputs += files_read(run)
        check_output(run, paths[-1], depth, films[-1])
    made_films = [film for film in films if film is not None]
    check_distinct(output, paths)
    if video is not None:
        check_distinct(video, made_films)
    refuse_overwriting([*paths, *made_films], inputs)
    for path, film, run in zip(paths, films, runs(), strict=True):
        make(
            run,
            path,
            bit_depth=depth,
            quiet=quiet,
            progress=progress,
            video=film,
            checkpoint_every=checkpoint_every,
        )


def _about(run: Run, preset: str | None, index: int) -> dict[str, object]:
    """Fields of the template for one picture."""
    height, width = run.canvas.size
    return {
        "exemplar": run.exemplars[0].name,
        "method": run.method.name,
        "preset": preset or "default",
        "seed": run.canvas.seed,
        "index": index,
        "width": width,
        "height": height,
    }
