"""``lichen synthesize``: every parameter of the chosen method is a flag."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import click

from lichen import registry
from lichen.errors import ParameterError
from lichen.exemplar import Exemplar
from lichen.faces.cli.judging import (
    Finished,
    candidates_of,
    check_comparable,
    keep_best,
    write_report,
)
from lichen.faces.cli.making import Making, making, wrapping
from lichen.faces.cli.method_options import MethodCommand
from lichen.faces.cli.saving import (
    Outputs,
    check_output,
    check_written_once,
    files_read,
    refuse_overwriting,
)
from lichen.faces.cli.template import check_distinct
from lichen.run.loop import Run
from lichen.run.synthesis import prepare


@click.command(cls=MethodCommand, implied={"--term": "objective"})
@click.argument("exemplars", nargs=-1, required=True, metavar="PHOTO...")
@click.option("-s", "--size", help="WIDTHxHEIGHT in pixels; the photo's when not given.")
@wrapping
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
    help="Start from noise, exemplar, a picture file, or what another method makes first: METHOD "
    "or METHOD:PRESET. The preset's own when not given, else noise.",
)
@click.option("--mask", help="Picture whose bright pixels mark what of the photo may be used.")
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="NAME=FILE",
    help="A further map of the photo (normal, height), made in step with it and written beside "
    "it; may be given several times. The report card judges by the photo alone.",
)
@click.option(
    "--together",
    is_flag=True,
    help="All photos are examples of one texture; names and report card go by the first.",
)
@click.option("--guide", help="Label map of the photo: what is where. Needs --follow.")
@click.option("--follow", help="Label map of the new picture, which gets its size.")
@making(output="{exemplar}_{method}_{seed}.png", method=registry.DEFAULT_METHOD, bit_depth="8")
def synthesize(
    making: Making,
    exemplars: tuple[str, ...],
    number: int,
    best_of: int,
    report: bool,
    mask: str | None,
    maps: tuple[str, ...],
    together: bool,
    **wanted: Any,
) -> None:
    """Make new pictures of a material from PHOTO.

    Ctrl-C saves the best picture so far; `lichen resume` goes on from there.
    """
    _check_agreement(making, exemplars, best_of, maps, together, wanted["guide"])
    map_files = _map_files(maps)
    batch = [exemplars] if together else [(photo,) for photo in exemplars]
    firsts = range(making.seed, making.seed + number * best_of, best_of)

    def pictures() -> Iterator[list[Run]]:
        """The candidates of each picture; one photo at a time, a batch may exceed the memory."""
        for photos in batch:
            examples = [Exemplar.read_maps(photo, map_files, mask) for photo in photos]
            for first in firsts:
                seeds = range(first, first + best_of)
                yield [
                    prepare(examples[0], also=examples[1:], **wanted, **{**making.how, "seed": s})
                    for s in seeds
                ]

    def finals_of(runs: Sequence[Run]) -> list[Outputs]:
        return [making.outputs(run, (run.canvas.seed - making.seed) // best_of) for run in runs]

    planned: list[Outputs] = []
    finals: list[Outputs] = []
    written: list[Path] = []
    inputs: list[Path] = []
    for runs in pictures():  # all is checked before anything is computed
        if best_of > 1 or report:
            check_comparable(runs[0])
        named = finals_of(runs)
        finals.append(named[0])
        planned += candidates_of(named, [run.canvas.seed for run in runs])
        for run, final, candidate in zip(runs, named, planned[-len(runs) :], strict=True):
            check_output(run, final)
            check_output(run, candidate)
            written += [*final.files(run), *candidate.files(run)]
            inputs += files_read(run)
    _check_names(making, finals)
    refuse_overwriting(written, inputs)
    names = iter(planned)
    finished: dict[Path | None, Finished] = {}
    for runs in pictures():
        made = {
            outputs.picture: making.make(run, outputs)
            for run, outputs in zip(runs, islice(names, len(runs)), strict=True)
        }
        done = Finished(runs[0].exemplars[0], made)
        if best_of > 1:
            done = keep_best(done, finals_of(runs), making.quiet)
        if report:
            key = done.exemplar.path
            finished.setdefault(key, Finished(done.exemplar, {})).results.update(done.results)
    for done in finished.values():
        write_report(done, making.quiet)


def _map_files(given: Sequence[str]) -> dict[str, str]:
    """Read ``NAME=FILE``; names become part of files' names."""
    found: dict[str, str] = {}
    for text in given:
        name, _, file = text.partition("=")
        if not re.fullmatch(r"\w[\w-]*", name) or not file:
            raise ParameterError(
                f"--map {text} is not NAME=FILE", "write it as in --map height=wall_height.png"
            )
        if name in found:
            raise ParameterError(f"two maps are named {name}", "name each map once")
        found[name] = file
    return found


def _check_agreement(
    making: Making,
    exemplars: Sequence[str],
    best_of: int,
    maps: Sequence[str],
    together: bool,
    guide: str | None,
) -> None:
    """Raise for options that exclude each other or need each other."""
    if best_of > 1 and making.video is not None:
        raise ParameterError(
            "--video films one run and --best-of makes several", "give one of them"
        )
    if together and len(exemplars) < 2:
        raise ParameterError("--together is for several photos", "give more, or leave it out")
    if maps and len(exemplars) > 1:
        raise ParameterError("--map belongs to one photo, several are given", "give one PHOTO")
    if guide is not None and len(exemplars) > 1:
        raise ParameterError("--guide belongs to one photo, several are given", "give one PHOTO")


def _check_names(making: Making, finals: Sequence[Outputs]) -> None:
    """Raise if two pictures, films or maps of sources would get one name."""
    check_distinct(making.output, [outputs.picture for outputs in finals])
    for template, paths in (
        (making.video, [outputs.video for outputs in finals]),
        (making.save_map, [outputs.source_map for outputs in finals]),
        (making.show_sources, [outputs.shown_sources for outputs in finals]),
    ):
        if template is not None:
            check_distinct(template, [path for path in paths if path is not None])
    check_written_once(
        path
        for outputs in finals
        for path in (outputs.picture, outputs.video, outputs.source_map, outputs.shown_sources)
        if path is not None
    )
