"""``lichen synthesize``: every parameter of the chosen method is a flag."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from lichen import registry
from lichen.errors import ParameterError
from lichen.exemplar import Exemplar
from lichen.faces.cli.best_of import (
    Finished,
    candidates_of,
    check_comparable,
    keep_best,
    write_report,
)
from lichen.faces.cli.method_command import MODEL, MethodCommand
from lichen.faces.cli.outputs import (
    Outputs,
    check_output,
    check_written_once,
    refuse_overwriting,
)
from lichen.faces.cli.picture_options import PictureOptions, picture_options, wrapping
from lichen.faces.cli.template import check_distinct
from lichen.job import Job
from lichen.model import Model, is_model_file
from lichen.run import verbs
from lichen.run.batch import with_seeds
from lichen.run.loop import Run


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
    help="Candidates for each picture, with seeds counting up; the one of the best score is kept.",
)
@click.option(
    "--report", is_flag=True, help="Write the report card of each photo's pictures, as HTML."
)
@click.option(
    "--init",
    help="Initial image: noise, exemplar, a picture file, or METHOD or METHOD:PRESET for the "
    "result of another method. The preset's own when not given, else noise.",
)
@click.option("--mask", help="Picture whose bright pixels mark the usable part of the photo.")
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="NAME=FILE",
    help="A further map of the photo (normal, height), synthesized in register with it and written "
    "beside it; repeatable. The report card judges by the photo alone.",
)
@click.option(
    "--together",
    is_flag=True,
    help="Use all photos as exemplars of one texture; the first is the one that results are named "
    "after and judged by.",
)
@click.option("--guide", help="Label map of the photo, for texture by numbers. Needs --follow.")
@click.option("--follow", help="Label map of the new picture; sets its size.")
@MODEL
@picture_options(
    output="{exemplar}_{method}_{seed}.png", method=registry.DEFAULT_METHOD, bit_depth="8"
)
def synthesize(
    chosen: PictureOptions,
    exemplars: tuple[str, ...],
    number: int,
    best_of: int,
    report: bool,
    mask: str | None,
    maps: tuple[str, ...],
    together: bool,
    **arguments: Any,
) -> None:
    """Make new pictures of a material from PHOTO, or from a model that lichen train wrote.

    Ctrl-C saves the best picture so far; `lichen resume` continues from there.
    """
    _check_agreement(chosen, exemplars, best_of, maps, together, arguments["guide"])
    files = _map_files(maps)
    pictures: list[_Picture] = []
    for photos in [exemplars] if together else [(photo,) for photo in exemplars]:
        first = _read(photos[0], mask, files)
        also = [Exemplar.read(photo, mask, files) for photo in photos[1:]]
        job = verbs.synthesize(first, also=also, **arguments, **chosen.of_method)
        jobs = with_seeds(job, number * best_of)
        batch = [jobs[start : start + best_of] for start in range(0, len(jobs), best_of)]
        pictures += [
            _check(chosen, candidates, index, best_of > 1 or report)
            for index, candidates in enumerate(batch)
        ]
    _check_names(chosen, pictures)
    finished: dict[Path | None, Finished] = {}
    for picture in pictures:
        done = picture.carry_out(chosen)
        if best_of > 1:
            done = keep_best(done, picture.finals, chosen.quiet)
        if report:
            assert done.exemplar is not None  # else nothing could be compared
            key = done.exemplar.path
            finished.setdefault(key, Finished(done.exemplar, {})).results.update(done.results)
    for done in finished.values():
        write_report(done, chosen.quiet)


class _Picture:
    """One picture of a batch: the jobs of its candidates and where each is saved.

    Parameters
    ----------
    runs
        Of the candidates, checked.
    finals
        Outputs under the final name, should that candidate be kept.
    """

    def __init__(self, runs: Sequence[Run], finals: list[Outputs]) -> None:
        self.jobs: list[Job] = [run.job.unloaded() for run in runs]
        self.finals = finals
        self.candidates = candidates_of(finals, [job.canvas.seed for job in self.jobs])
        maps = runs[0].canvas.maps
        for run, candidate in zip(runs, self.candidates, strict=True):
            check_output(run, candidate)
        self.written = [
            path for outputs in (*finals, *self.candidates) for path in outputs.files(maps)
        ]

    def carry_out(self, chosen: PictureOptions) -> Finished:
        """Make all candidates."""
        results = {}
        for job, outputs in zip(self.jobs, self.candidates, strict=True):
            run = Run(job)
            results[outputs.picture] = chosen.carry_out(run, outputs)
        return Finished(run.exemplars[0] if run.exemplars else None, results)


def _check(chosen: PictureOptions, candidates: Sequence[Job], index: int, judged: bool) -> _Picture:
    """Check all that can be checked of one picture before anything is computed."""
    runs = [Run(job) for job in candidates]
    if judged:
        check_comparable(runs[0])
    finals = [chosen.outputs(run, index) for run in runs]
    for run, final in zip(runs, finals, strict=True):
        check_output(run, final)
    return _Picture(runs, finals)


def _read(photo: str, mask: str | None, maps: Mapping[str, str | Path]) -> Exemplar | Model:
    """Read a photo, or a model in its place."""
    if not is_model_file(photo):
        return Exemplar.read(photo, mask, maps)
    if mask is not None or maps:
        raise ParameterError("--mask and --map belong to a photo", "omit them")
    return Model.read(photo)


def _map_files(given: Sequence[str]) -> dict[str, str | Path]:
    """Read ``NAME=FILE``; names become part of file names."""
    found: dict[str, str | Path] = {}
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
    chosen: PictureOptions,
    exemplars: Sequence[str],
    best_of: int,
    maps: Sequence[str],
    together: bool,
    guide: str | None,
) -> None:
    """Raise for options that cannot be combined or need each other."""
    if best_of > 1 and chosen.video is not None:
        raise ParameterError(
            "--video shows one run and --best-of makes several", "give one of them"
        )
    if together and len(exemplars) < 2:
        raise ParameterError("--together needs several photos", "give more, or omit it")
    if maps and len(exemplars) > 1:
        raise ParameterError(
            "--map belongs to a single photo, but several are given", "give one PHOTO"
        )
    if guide is not None and len(exemplars) > 1:
        raise ParameterError(
            "--guide belongs to a single photo, but several are given", "give one PHOTO"
        )


def _check_names(chosen: PictureOptions, pictures: Sequence[_Picture]) -> None:
    """Raise if two pictures, videos or source maps would share a name, or overwrite an input."""
    finals = [picture.finals[0] for picture in pictures]
    check_distinct(chosen.output, [outputs.picture for outputs in finals])
    for template, paths in (
        (chosen.video, [outputs.video for outputs in finals]),
        (chosen.save_map, [outputs.source_map for outputs in finals]),
        (chosen.show_sources, [outputs.shown_sources for outputs in finals]),
    ):
        if template is not None:
            check_distinct(template, [path for path in paths if path is not None])
    check_written_once(
        path
        for outputs in finals
        for path in (outputs.picture, outputs.video, outputs.source_map, outputs.shown_sources)
        if path is not None
    )
    refuse_overwriting(
        [path for picture in pictures for path in picture.written],
        [path for picture in pictures for job in picture.jobs for path in job.paths()],
    )
