"""What ``lichen synthesize`` does with the report card: keep the best of several, write a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from lichen.errors import ParameterError
from lichen.exemplar import Exemplar
from lichen.faces.cli.outputs import Outputs
from lichen.result import Result, files_of
from lichen.run.loop import Run


@dataclass(frozen=True)
class Finished:
    """Results made from an exemplar, by the file that each is saved in.

    Those of a model have no exemplar, and nothing that they could be compared with.
    """

    exemplar: Exemplar | None
    results: dict[Path, Result]

    def first_maps(self) -> tuple[Exemplar, list[Result]]:
        """Return the first map of the exemplar and of each result, by which they are judged."""
        assert self.exemplar is not None
        exemplar = replace(self.exemplar, maps=self.exemplar.maps[:1])
        return exemplar, [result.first_map() for result in self.results.values()]


def candidates_of(finals: Sequence[Outputs], seeds: Sequence[int]) -> list[Outputs]:
    """Name the candidates of one picture, with their seeds if the template does not.

    Source maps are written only for the one that is kept, under its final name.
    """
    if len(finals) == 1:
        return list(finals)
    paths = [outputs.picture for outputs in finals]
    if len(set(paths)) < len(paths):
        paths = [
            path.with_stem(f"{path.stem}_seed{seed}")
            for path, seed in zip(paths, seeds, strict=True)
        ]
    return [
        replace(outputs, picture=path, source_map=None, shown_sources=None)
        for outputs, path in zip(finals, paths, strict=True)
    ]


def check_comparable(run: Run) -> None:
    """Raise now if the report card could not judge what the run will make."""
    from lichen.quality.card import check_size

    if not run.exemplars:
        raise ParameterError(
            "the report card compares with a photo, but there is only a model",
            "omit --best-of and --report",
        )
    exemplar = run.exemplars[0]
    check_size(exemplar.name, exemplar.rectangle.shape)
    check_size("the canvas", run.canvas.size)


def keep_best(candidates: Finished, finals: Sequence[Outputs], quiet: bool) -> Finished:
    """Judge the candidates, keep the best under its final name and remove the others.

    Until all are judged each has a file of its own, so that none is lost.
    """
    from lichen.quality.card import compare

    results = candidates.results
    names = [path.name for path in results]
    exemplar, judged = candidates.first_maps()
    cards = compare(exemplar, *judged, names=names).cards
    scores = [card.score for card in cards]
    best = min(range(len(scores)), key=scores.__getitem__)
    kept, final = list(results)[best], finals[best].picture
    maps = results[kept].maps
    for path in results:
        if path != kept:
            for file in files_of(path, maps):
                file.unlink(missing_ok=True)
    for file, name in zip(files_of(kept, maps), files_of(final, maps), strict=True):
        file.replace(name)
    finals[best].save_sources(results[kept])
    if not quiet:
        shown = ", ".join(f"{number:.3f}" for number in scores)
        seed = results[kept].provenance.seed
        click.echo(f"{final}: kept, seed {seed}; scores of the {len(scores)}: {shown}")
    return Finished(candidates.exemplar, {final: results[kept]})


def write_report(finished: Finished, quiet: bool) -> None:
    """Write the report card of an exemplar's pictures beside the first of them."""
    from lichen.quality.card import compare
    from lichen.quality.page import write_page

    target = next(iter(finished.results)).with_suffix(".html")
    names = [path.stem for path in finished.results]
    exemplar, judged = finished.first_maps()
    write_page(compare(exemplar, *judged, names=names), target)
    if not quiet:
        click.echo(f"{target}: the report")
