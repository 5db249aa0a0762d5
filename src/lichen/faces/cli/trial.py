"""``lichen trial``: a test of which crop is the real one, and its scores."""

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
    "-o",
    "--output",
    default="trial.html",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The page; an existing one is replaced.",
)
@click.option(
    "--trials", "n_trials", type=int, default=20, show_default=True, help="Trials per result."
)
@click.option(
    "--crop", type=int, default=96, show_default=True, help="Side of the crops, in pixels."
)
@click.option(
    "--exposure",
    type=int,
    default=1000,
    show_default=True,
    help="Time that the crops are shown, in ms: 200 or more; 0 for until the answer.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Seed of crops, sides and order."
)
@click.option(
    "--score",
    "files",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Score exported answers instead; repeatable.",
)
def trial(
    pictures: tuple[Path, ...],
    output: Path,
    n_trials: int,
    crop: int,
    exposure: int,
    seed: int,
    files: tuple[Path, ...],
) -> None:
    """Write a page that asks observers which of two crops is from the photo.

    The page is one file that works offline. It keeps the answers in the browser and exports them
    as CSV, which --score reads: accuracy by method with its 95 % Wilson interval, p against
    chance, and response time. Answers are pooled and treated as independent.

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
                f"{pictures[0]} and --score are both given", "write --score before each CSV file"
            )
        answers, n_repeated = read_answers(files)
        click.echo(table(score(answers)))
        click.echo(f"\n{summary(answers, n_repeated)}")
        return

    from lichen.quality.trial import write_trial

    if len(pictures) < 2:
        raise ParameterError(
            "no result is given" if pictures else "no picture is given",
            "give the exemplar and at least one result, or --score and a CSV file",
        )
    refuse_overwriting([output], pictures)
    written = write_trial(
        pictures[0],
        pictures[1:],
        output,
        n_trials=n_trials,
        crop=crop,
        exposure=exposure,
        seed=seed,
    )
    shown = f"{exposure} ms" if exposure else "no time limit"
    click.echo(f"{output}: {len(written)} trials, crops of {crop} px, {shown}, seed {seed}")


def table(scores: list[MethodScore]) -> str:
    """Return the scores as a table, one line per method."""
    rows = [("method", "correct", "answers", "accuracy", "95 % interval", "p", "response")]
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


def summary(answers: list[Answer], n_repeated: int) -> str:
    """Return a line with what was pooled and what was left out."""
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
