"""``lichen train``: the networks that Lichen ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lichen.faces import parameters


class RecipeCommand(click.Command):
    """Takes the fields of the recipe as options; torch is imported only when it is called."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Own options, then the recipe's."""
        from lichen.training.recipe import EncoderRecipe

        return [*super().get_params(ctx), *parameters.options(EncoderRecipe)]


@click.group()
def train() -> None:
    """Train the networks that Lichen ships."""


@train.command(cls=RecipeCommand)
@click.option("-o", "--output", type=click.Path(path_type=Path), default="encoder.safetensors")
@click.option("--checkpoint", type=click.Path(path_type=Path), help="Resumed when it exists.")
def encoder(output: Path, checkpoint: Path | None, **values: Any) -> None:
    """Train the embedded encoder; the defaults are the recipe of the one that is shipped."""
    from pydantic import ValidationError
    from rich.console import Console
    from rich.progress import Progress

    from lichen.atomic import check_folder
    from lichen.errors import ParameterError
    from lichen.training.encoder import TrainingProgress, train_encoder
    from lichen.training.recipe import EncoderRecipe

    check_folder(output)
    try:
        recipe = EncoderRecipe(**parameters.given(EncoderRecipe, values))
    except ValidationError as error:
        first = error.errors()[0]
        raise ParameterError(
            f"{first['loc'][0]} = {first['input']!r} is not allowed: {first['msg']}",
            "see lichen train encoder --help",
        ) from None
    state = checkpoint or output.with_suffix(".checkpoint.pt")
    with Progress(console=Console(stderr=True)) as bar:
        tasks: dict[str, Any] = {}

        def report(progress: TrainingProgress) -> None:
            stage = progress.stage
            task = tasks.setdefault(stage, None)
            if task is None:
                task = tasks[stage] = bar.add_task(stage, total=progress.total)
            text = stage if progress.loss is None else f"{stage}, loss {progress.loss:.2f}"
            bar.update(task, completed=progress.done, description=text)

        train_encoder(recipe, output, checkpoint=state, report=report)
    click.echo(f"{output}: {output.stat().st_size:,} bytes")
