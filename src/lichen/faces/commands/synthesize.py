"""``lichen synthesize``: every parameter of the chosen method is a flag."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import click

from lichen import registry
from lichen.errors import ParameterError
from lichen.exemplar import Exemplar
from lichen.faces import parameters
from lichen.faces.commands.judging import (
    Finished,
    candidate_paths,
    check_comparable,
    keep_best,
    write_report,
)
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
    "--best-of",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Make so many with seeds counting up, and keep the best by the report card.",
)
@click.option(
    "--report", is_flag=True, help="Write the report card of each photo's pictures, as HTML."
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
    best_of: int,
    report: bool,
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
    if best_of > 1 and video is not None:
        raise ParameterError(
            "--video films one run and --best-of makes several", "give one of them"
        )
    chosen = parameters.given(registry.get(method), wanted)
    depth = int(bit_depth)

    def pictures() -> Iterator[list[Run]]:
        """The candidates of each picture; one photo at a time, a batch may exceed the memory."""
        for photo in exemplars:
            example = Exemplar.read(photo, mask)
            for first in range(seed, seed + number * best_of, best_of):
                yield [
                    prepare(
                        example,
                        size=wanted["size"],
                        method=method,
                        preset=preset,
                        wrap="both" if tile else (wrap or "none"),
                        seed=candidate,
                        init=wanted["init"],
                        **chosen,
                    )
                    for candidate in range(first, first + best_of)
                ]

    def about(run: Run) -> dict[str, object]:
        return _about(run, preset, (run.canvas.seed - seed) // best_of)

    paths: list[Path] = []
    finals: list[Path] = []
    films: list[Path | None] = []
    inputs: list[Path] = []
    for runs in pictures():  # all is checked before anything is computed
        if best_of > 1 or report:
            check_comparable(runs[0])
        finals.append(fill(output, about(runs[0])))
        for run, path in zip(runs, candidate_paths(output, map(about, runs)), strict=True):
            paths.append(path)
            films.append(None if video is None else fill(video, about(run)))
            inputs += files_read(run)
            check_output(run, path, depth, films[-1])
    made_films = [film for film in films if film is not None]
    check_distinct(output, finals)
    if video is not None:
        check_distinct(video, made_films)
    refuse_overwriting([*paths, *finals, *made_films], inputs)
    names = zip(paths, films, strict=True)
    finished: dict[Path | None, Finished] = {}
    for runs in pictures():
        made = [
            make(
                run,
                path,
                bit_depth=depth,
                quiet=quiet,
                progress=progress,
                video=film,
                checkpoint_every=checkpoint_every,
            )
            for run, (path, film) in zip(runs, islice(names, len(runs)), strict=True)
        ]
        chosen_paths = candidate_paths(output, map(about, runs))
        done = Finished(runs[0].exemplars[0], dict(zip(chosen_paths, made, strict=True)))
        if best_of > 1:
            done = keep_best(done, [fill(output, about(run)) for run in runs], quiet)
        if report:
            key = done.exemplar.path
            finished.setdefault(key, Finished(done.exemplar, {})).results.update(done.results)
    for done in finished.values():
        write_report(done, quiet)


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
