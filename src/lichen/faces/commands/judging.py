"""What ``lichen synthesize`` does with the report card: keep the best of several, write a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from lichen.exemplar import Exemplar
from lichen.faces.template import fill
from lichen.result import Result, sidecar
from lichen.run.loop import Run


@dataclass(frozen=True)
class Finished:
    """Pictures that were made of an exemplar, by the file that each is saved in."""

    exemplar: Exemplar
    results: dict[Path, Result]


def candidate_paths(template: str, pictures: Iterable[Mapping[str, object]]) -> list[Path]:
    """Name the candidates of one picture: with their seeds where the template does not tell."""
    fields = list(pictures)
    paths = [fill(template, about) for about in fields]
    if len(set(paths)) == len(paths):
        return paths
    return [
        path.with_stem(f"{path.stem}_seed{about['seed']}")
        for path, about in zip(paths, fields, strict=True)
    ]


def check_comparable(run: Run) -> None:
    """Raise now if the report card could not judge what the run will make."""
    from lichen.quality.card import check_size
    from lichen.quality.usable import largest_usable_rectangle

    exemplar = run.exemplars[0]
    check_size(exemplar.name, largest_usable_rectangle(exemplar).shape)
    check_size("the canvas", run.canvas.size)


def keep_best(candidates: Finished, finals: list[Path], quiet: bool) -> Finished:
    """Judge the candidates, keep the best under its final name and remove the others.

    Until all are judged each is kept in a file of its own: whatever happens, none is lost.
    """
    from lichen.quality.card import compare

    results = candidates.results
    names = [path.name for path in results]
    cards = compare(candidates.exemplar, *results.values(), names=names).cards
    scores = [card.score for card in cards]
    best = min(range(len(scores)), key=scores.__getitem__)
    kept, final = list(results)[best], finals[best]
    for path in results:
        if path != kept:
            path.unlink(missing_ok=True)
            sidecar(path).unlink(missing_ok=True)
    if sidecar(kept).is_file():
        sidecar(kept).replace(sidecar(final))
    kept.replace(final)
    if not quiet:
        shown = ", ".join(f"{number:.3f}" for number in scores)
        seed = results[kept].provenance.seed
        click.echo(f"{final}: kept, seed {seed}; scores of the {len(scores)}: {shown}")
    return Finished(candidates.exemplar, {final: results[kept]})


def write_report(made: Finished, quiet: bool) -> None:
    """Write the page of an exemplar's pictures beside the first of them."""
    from lichen.quality.card import compare
    from lichen.quality.page import write_page

    target = next(iter(made.results)).with_suffix(".html")
    names = [path.stem for path in made.results]
    write_page(compare(made.exemplar, *made.results.values(), names=names), target)
    if not quiet:
        click.echo(f"{target}: the report")
