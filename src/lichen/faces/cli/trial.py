"""``lichen trial``: ask people which crop is the real one, and score their answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lichen.quality.trial_score import Answer, MethodScore


@click.command()
@click.argument(
    "pictures", nargs=-1, metavar="[EXEMPLAR RESULT...]", type=click.Path(path_type=Path)
)
@click.option(
    "-o", "--output", default="trial.html", show_default=True, type=click.Path(path_type=Path)
)
@click.option("--trials", type=int, default=20, show_default=True, help="For each result.")
@click.option("--crop", type=int, default=96, show_default=True, help="Side of the crops, pixels.")
@click.option(
    "--exposure",
    type=int,
    default=1000,
    show_default=True,
    help="How long they are shown, in ms: 200 or more; 0 until the answer.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Of the crops, sides and order."
)
@click.option(
    "--score",
    "files",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Score exported answers instead; may be repeated.",
)
def trial(
    pictures: tuple[Path, ...],
    output: Path,
    trials: int,
    crop: int,
    exposure: int,
    seed: int,
    files: tuple[Path, ...],
) -> None:
    """Write a page that asks people which of two crops is the photo.

    The page is one file that works without a network. It keeps the answers in the browser and
    exports them as CSV, which --score reads: accuracy by method with its 95 % Wilson interval,
    p against guessing, and time. Answers are pooled as if independent.

    \b
    lichen trial photo.png gatys.png other.png -o trial.html --exposure 200
    lichen trial --score anna.csv --score ben.csv
    """  # noqa: D301 (click wants the control character)
    from lichen.errors import ParameterError
    from lichen.faces.cli.outputs import refuse_overwriting

    if files:
        from lichen.quality.trial_score import read_answers, score

        if pictures:
            raise ParameterError(
                f"{pictures[0]} and --score are both given", "write --score before every CSV file"
            )
        answers, n_repeated = read_answers(files)
        click.echo(table(score(answers)))
        click.echo(f"\n{about(answers, n_repeated)}")
        return

    from lichen.quality.trial import write_trial

    if len(pictures) < 2:
        raise ParameterError(
            "no result is given" if pictures else "no picture is given",
            "name the exemplar and at least one result, or --score and a CSV file",
        )
    refuse_overwriting([output], pictures)
    written = write_trial(
        pictures[0],
        pictures[1:],
        output,
        n_trials=trials,
        crop=crop,
        exposure=exposure,
        seed=seed,
    )
    shown = f"{exposure} ms" if exposure else "no time limit"
    click.echo(f"{output}: {len(written)} trials, crops of {crop} px, {shown}, seed {seed}")


def table(scores: list[MethodScore]) -> str:
    """Lay scores out in columns, a method a line."""
    rows = [("method", "right", "answers", "accuracy", "95 % interval", "p", "response")]
    rows += [
        (
            score.method,
            f"{score.n_correct}",
            f"{score.n_answers}",
            f"{100 * score.accuracy:.1f} %",
            f"{100 * score.low:.1f} to {100 * score.high:.1f} %",
            f"{score.p_value:.3g}",
            f"{score.mean_response_ms:.0f} ms",
        )
        for score in scores
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in rows
    )


def about(answers: list[Answer], n_repeated: int) -> str:
    """Say in a line what was pooled, and what was left out."""
    exposures = sorted({answer.exposure_ms for answer in answers})
    parts = [
        f"participants: {len({answer.participant for answer in answers})}",
        "photo: " + ", ".join(sorted({answer.exemplar for answer in answers})),
        "crop: " + ", ".join(f"{crop}" for crop in sorted({a.crop for a in answers})) + " px",
        "shown: " + ", ".join(f"{ms} ms" if ms else "without limit" for ms in exposures),
    ]
    if n_repeated:
        parts.append(f"repeated answers left out: {n_repeated}")
    return "; ".join(parts)
