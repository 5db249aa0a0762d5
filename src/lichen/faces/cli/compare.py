"""``lichen compare``: the report card of pictures made from an exemplar."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lichen.faces.cli.shared_options import DEVICE

if TYPE_CHECKING:
    from rich.table import Table

    from lichen.quality.card import Card, Comparison


@click.command()
@click.argument("exemplar")
@click.argument("results", nargs=-1, required=True, metavar="RESULT...")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default="report.html",
    show_default=True,
    help="The page; an existing one is replaced.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, and write no page.")
@DEVICE
def compare(
    exemplar: str, results: tuple[str, ...], output: Path, as_json: bool, device: str
) -> None:
    """Measure how good RESULT is as a new picture of EXEMPLAR, relative to known anchors.

    Prints a table and writes one HTML page with pictures, heat maps and plots.
    """
    from rich.console import Console

    from lichen.atomic import check_folder
    from lichen.quality.card import compare as judge
    from lichen.quality.page import write_page

    if not as_json:
        check_folder(output)
    console = Console(stderr=True)
    with console.status(f"judging {len(results)} by {exemplar}"):
        comparison = judge(exemplar, *results, device=device)
        if not as_json:
            write_page(comparison, output)
    if as_json:
        click.echo(json.dumps(comparison.to_dict(), indent=2))
        return
    Console().print(table(comparison))
    click.echo(f"{output}: the page")


def table(comparison: Comparison) -> Table:
    """Return a table of figures and scores by picture, beside the anchors of the scores."""
    from rich.table import Table
    from rich.text import Text

    from lichen.quality.figures import FIGURES

    rows = Table(title=f"judged by {comparison.exemplar}", caption=CAPTION, title_justify="left")
    rows.add_column("figure")
    for card in comparison.cards:
        rows.add_column(Text(card.name), justify="right")
    for name in ("score 0", "score 1"):
        rows.add_column(name, justify="right", style="dim")
    group = ""
    for name, definition in FIGURES.items():
        if definition.group != group:
            group = definition.group
            scores = [_group_score(card, group) for card in comparison.cards]
            rows.add_row(f"[bold]{group}", *scores, "", "", style="bold")
        arrow = "↓" if definition.better == "lower" else "↑"
        ends = [definition.zero, definition.one] if definition.one else []
        rows.add_row(
            f"  {name} {arrow}",
            *(_cell(card, name) for card in comparison.cards),
            *(f"{comparison.anchors[anchor][name]:.3g}" for anchor in ends),
        )
    rows.add_row("[bold]all", *(f"{card.score:.2f}" for card in comparison.cards), style="bold")
    if comparison.cards[0].vgg19 is not None:
        rows.add_row("VGG-19 Gram, biased towards Gram methods")
        for layer in comparison.cards[0].vgg19:
            values = [(card.vgg19 or {})[layer] for card in comparison.cards]
            rows.add_row(f"  {layer} ↓", *(f"{value:.3g}" for value in values))
    for method, row in comparison.diversity.items():
        figures = ", ".join(f"{key} {value:.3f}" for key, value in row.items())
        rows.add_row(f"diversity of {method}", figures)
    return rows


CAPTION = (
    "scores in brackets: 0 for one half of the exemplar judged by the other, 1 for an anchor "
    "that fails; * optimized by the picture's own method: not counted"
)


def _group_score(card: Card, group: str) -> str:
    return f"{card.groups[group]:.2f}" if group in card.groups else ""


def _cell(card: Card, name: str) -> str:
    figure = card.figures[name]
    score = "" if figure.score is None else f" ({figure.score:.2f})"
    return f"{figure.value:.3g}{score}{'*' if figure.optimized else ''}"
