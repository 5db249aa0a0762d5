"""``lichen train``: the networks that Lichen ships, and networks from photographs of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lichen.faces.cli import options

if TYPE_CHECKING:
    from pydantic import BaseModel

    from lichen.training.loop import Report, TrainingProgress

    AnyRecipe = TypeVar("AnyRecipe", bound=BaseModel)


class RecipeCommand(click.Command):
    """Takes the fields of a recipe as options; torch is imported only when it is called."""

    recipe: str
    """Name of the recipe's class."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Own options, then the recipe's."""
        from lichen.training import recipe

        return [*super().get_params(ctx), *options.options(getattr(recipe, self.recipe))]


class EncoderCommand(RecipeCommand):
    """Of the encoder's recipe."""

    recipe = "EncoderRecipe"


class AutoencoderCommand(RecipeCommand):
    """Of the autoencoder's recipe."""

    recipe = "AutoencoderRecipe"


@click.group()
def train() -> None:
    """Train the networks that Lichen ships, or one on your own photographs."""


@train.command(cls=EncoderCommand)
@click.option("-o", "--output", type=click.Path(path_type=Path), default="encoder.safetensors")
@click.option("--checkpoint", type=click.Path(path_type=Path), help="Resumed when it exists.")
def encoder(output: Path, checkpoint: Path | None, **values: Any) -> None:
    """Train the embedded encoder; the defaults are the recipe of the one that is shipped."""
    from lichen.atomic import check_folder
    from lichen.training.encoder import train_encoder
    from lichen.training.recipe import EncoderRecipe

    check_folder(output)
    recipe = read_recipe(EncoderRecipe, values, "encoder")
    state = checkpoint or output.with_suffix(".checkpoint.pt")
    with bars() as report:
        train_encoder(recipe, output, checkpoint=state, report=report)
    click.echo(f"{output}: {output.stat().st_size:,} bytes")


@train.command(cls=AutoencoderCommand)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default="autoencoder.safetensors",
    show_default=True,
)  # fmt: skip
@click.option(
    "--checkpoint", type=click.Path(path_type=Path), help="OUTPUT.checkpoint.pt if not given."
)
@click.option(
    "--checkpoint-every", type=click.IntRange(1), default=100, show_default=True,
    help="Steps between checkpoints, when the held-out loss is measured too.",
)  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on from the checkpoint.")
@click.option(
    "--workers", type=click.IntRange(0), default=0, show_default=True,
    help="Processes that read patches; useful beyond 2 GiB of pixels.",
)  # fmt: skip
def autoencoder(
    folder: Path,
    output: Path,
    checkpoint: Path | None,
    checkpoint_every: int,
    resume: bool,
    workers: int,
    **values: Any,
) -> None:
    """Train an autoencoder on the photographs in FOLDER and its subfolders.

    Use it by: lichen synthesize PHOTO --method pooled --network autoencoder --weights OUTPUT
    """
    from lichen.atomic import check_folder
    from lichen.training.autoencoder import train_autoencoder
    from lichen.training.recipe import AutoencoderRecipe

    check_folder(output)
    recipe = read_recipe(AutoencoderRecipe, values, "autoencoder")
    state = checkpoint or output.with_suffix(".checkpoint.pt")
    check_folder(state)
    try:
        with bars() as report:
            done = train_autoencoder(
                folder,
                recipe,
                output,
                checkpoint=state,
                resume=resume,
                checkpoint_every=checkpoint_every,
                workers=workers,
                report=report,
            )
    except KeyboardInterrupt:
        if state.is_file():
            click.echo(f"the training so far is in {state}: go on with --resume", err=True)
        raise
    for reason in done.left_out:
        click.echo(f"left out: {reason}", err=True)
    click.echo(
        f"{output}: {output.stat().st_size:,} bytes, trained on {done.trained_on} photographs; "
        f"loss on those held out {done.held_out:.4f} (of their mean colours {done.mean_colour:.4f})"
    )


def read_recipe(model: type[AnyRecipe], values: dict[str, Any], command: str) -> AnyRecipe:
    """Make a recipe of what was typed.

    Raises
    ------
    ParameterError
        For a value outside its bounds.
    """
    from pydantic import ValidationError

    from lichen.errors import ParameterError

    try:
        return model(**options.given(model, values))
    except ValidationError as error:
        first = error.errors()[0]
        raise ParameterError(
            f"{first['loc'][0]} = {first['input']!r} is not allowed: {first['msg']}",
            f"see lichen train {command} --help",
        ) from None


@contextmanager
def bars() -> Iterator[Report]:
    """Show a bar for each stage, with the losses."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as shown:
        tasks: dict[str, Any] = {}
        held_out = ""

        def report(progress: TrainingProgress) -> None:
            nonlocal held_out
            stage = progress.stage
            if stage not in tasks:
                tasks[stage] = shown.add_task(stage, total=progress.total)
            if progress.held_out is not None:
                held_out = f", held out {progress.held_out:.4f}"
            text = (
                stage if progress.loss is None else f"{stage}, loss {progress.loss:.4g}{held_out}"
            )
            shown.update(tasks[stage], completed=progress.done, description=text)

        yield report
