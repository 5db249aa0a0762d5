"""``lichen train``: one command for everything that can be trained, its parameters as options."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel

from lichen import registry
from lichen.faces.cli import options
from lichen.faces.cli.method_command import MethodCommand
from lichen.faces.cli.shared_options import QUIET
from lichen.training.step import TrainStep
from lichen.training.trainable import DATA


class TrainCommand(MethodCommand):
    """Takes the parameters of what is trained as options, and lists what can be trained."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Find METHOD anywhere on the command line: its options may come before it."""
        known = {**registry.rows(), **registry.TRAINED_NETWORKS}
        if args and args[0].startswith("-"):
            named = next((arg for arg in args if arg in known), None)
            if named is not None:
                rest = list(args)
                rest.remove(named)
                args = [named, *rest]
        return super().parse_args(ctx, args)

    def configurable(self, name: str) -> type[BaseModel]:
        """Return the class of what is trained."""
        return registry.trainable(name)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List what can be trained, or say what data the chosen one takes."""
        name = ctx.meta.get("method")
        if isinstance(name, str):
            form = DATA[registry.trainable(name).trains_on]
            with formatter.section("Data"):
                formatter.write_dl([(form.metavar or "none", form.summary)])
            return
        rows = []
        for known, row in registry.trainable_rows().items():
            metavar = DATA[registry.trainable(known).trains_on].metavar
            rows.append((f"{known} {metavar}".strip(), row.summary))
        with formatter.section("What can be trained (lichen train METHOD --help explains one)"):
            formatter.write_dl(rows)


@click.command(cls=TrainCommand, method_from="method")
@click.argument("method")
@click.argument("data", nargs=-1)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="METHOD.safetensors if not given."
)
@click.option("-p", "--preset", help="A preset of the method.")
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same model.")
@click.option(
    "--device",
    default="auto",
    show_default=True,
    help="Where to compute: auto (a GPU where there is one), cpu, cuda, cuda:1, mps.",
)
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path),
    help="OUTPUT.checkpoint.pt if not given; a training continues from it automatically.",
)
@click.option(
    "--checkpoint-every",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="Steps between checkpoints, at which held-out data are evaluated too.",
)
@click.option(
    "--preview-every",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Steps between previews, written to OUTPUT.preview.png; 0 for none.",
)
@click.option("--restart", is_flag=True, help="Start over even if there is a checkpoint.")
@click.option(
    "--workers",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Processes that read the data; useful beyond 2 GiB of pixels.",
)
@click.option(
    "--progress/--no-progress", default=None, help="Show a progress bar; by default on a terminal."
)
@QUIET
def train(
    method: str,
    data: tuple[str, ...],
    output: Path | None,
    preset: str | None,
    progress: bool | None,
    quiet: bool,
    **values: Any,
) -> None:
    """Train METHOD on DATA and write its model, for lichen synthesize or transfer.

    Ctrl-C saves the state; the same command continues from there, to the same model.
    """
    from lichen.faces.training import TrainingInterruptedError, finish
    from lichen.run.training import Training

    trainable = registry.trainable(method)
    own = {name: values.pop(name) for name in trainable.model_fields}
    configured = trainable.configure(preset, **options.given(trainable, own))
    training = Training(configured, data, output or Path(f"{method}.safetensors"), **values)
    if training.resumed_from and not quiet:
        click.echo(
            f"continuing from step {training.resumed_from} of {training.checkpoint}", err=True
        )
    measured: dict[str, float] = {}

    def remember(step: TrainStep) -> None:
        measured.update(step.losses)
        if not quiet:
            for note in step.notes:  # above the bar, where there is one
                click.echo(note, err=True)

    try:
        model = finish(
            training,
            progress=False if quiet else progress,
            on_step=remember,
        )
    except TrainingInterruptedError as interrupted:
        if interrupted.checkpoint is None:
            click.echo("lichen: interrupted before the first step; nothing is saved", err=True)
        else:
            click.echo(
                f"lichen: interrupted; the state is in {interrupted.checkpoint}: "
                "the same command continues from there",
                err=True,
            )
        sys.exit(130)
    if not quiet:
        pictures = sum(one.pictures for one in model.trained_on)
        parts = [
            f"{training.output.stat().st_size:,} bytes",
            *([f"trained on {pictures} pictures"] if pictures else []),
            *(f"{name} {value:.4f}" for name, value in measured.items()),
        ]
        click.echo(f"{training.output}: {', '.join(parts)}")
