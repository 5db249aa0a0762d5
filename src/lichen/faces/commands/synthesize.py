"""``lichen synthesize``: every parameter of the chosen method is a flag."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lichen import registry
from lichen.errors import ParameterError
from lichen.faces import parameters
from lichen.faces.commands.saving import make
from lichen.faces.template import output_paths
from lichen.image import check_writable
from lichen.run.recording import Recorder
from lichen.run.synthesis import prepare

DEFAULT_METHOD = "gatys"


class MethodCommand(click.Command):
    """A command that takes the options of the method named by ``--method``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Look for ``--method`` before anything else is understood."""
        ctx.meta["method"] = _method_in(args)
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Own options, then the method's."""
        own = super().get_params(ctx)
        if "method" not in ctx.meta:
            return own
        return [*own, *parameters.options(registry.get(ctx.meta["method"]))]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the method's options under its name."""
        method = ctx.meta["method"]
        theirs = {option.name for option in parameters.options(registry.get(method))}
        sections: dict[str, list[tuple[str, str]]] = {"Options": [], f"Parameters of {method}": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                sections[f"Parameters of {method}" if param.name in theirs else "Options"].append(
                    record
                )
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


def _method_in(args: list[str]) -> str:
    for position, arg in enumerate(args):
        if arg in ("--method", "-m") and position + 1 < len(args):
            return args[position + 1]
        if arg.startswith("--method="):
            return arg.partition("=")[2]
    return DEFAULT_METHOD


@click.command(cls=MethodCommand)
@click.argument("exemplars", nargs=-1, required=True, metavar="PHOTO...")
@click.option(
    "-o",
    "--output",
    default="{exemplar}_{method}_{seed}.png",
    show_default=True,
    help="File or template with {exemplar} {method} {preset} {seed} {index} {width} {height}; "
    "an existing file is replaced.",
)
@click.option("-s", "--size", help="WIDTHxHEIGHT in pixels; the photo's when not given.")
@click.option(
    "-m", "--method", default=DEFAULT_METHOD, show_default=True, help="See lichen methods."
)
@click.option("-p", "--preset", help="A preset of the method.")
@click.option("--tile", is_flag=True, help="Make the result tile (short for --wrap both).")
@click.option("--wrap", help="both, none, rows or columns: the axes that wrap around.")
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same picture.")
@click.option(
    "-n",
    "--number",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Variations, with seeds counting up from --seed.",
)
@click.option(
    "--init",
    default="noise",
    show_default=True,
    help="Start from noise, exemplar, or a picture file.",
)
@click.option("--mask", help="Picture whose bright pixels mark what of the photo may be used.")
@click.option(
    "--bit-depth",
    type=click.Choice(["8", "16", "32"]),
    default="8",
    show_default=True,
    help="Of the output.",
)
@click.option("--video", help="Film of the run: .gif .webp .png .mp4 .webm; may be a template.")
@click.option(
    "--checkpoint-every",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    help="Seconds between checkpoints.",
)
@click.option("-q", "--quiet", is_flag=True, help="No bar, no summary.")
def synthesize(
    exemplars: tuple[str, ...],
    output: str,
    size: str | None,
    method: str,
    preset: str | None,
    tile: bool,
    wrap: str | None,
    seed: int,
    number: int,
    init: str,
    mask: str | None,
    bit_depth: str,
    video: str | None,
    checkpoint_every: float,
    quiet: bool,
    **values: Any,
) -> None:
    """Make new pictures of a material from PHOTO.

    Ctrl-C saves the best picture so far; `lichen resume` goes on from there.
    """
    if tile and wrap not in (None, "both"):
        raise ParameterError(f"--tile and --wrap {wrap} disagree", "give one of them")
    chosen = parameters.given(registry.get(method), values)
    runs, names = [], []
    for exemplar in exemplars:
        for index in range(number):
            run = prepare(
                exemplar,
                size=size,
                method=method,
                preset=preset,
                wrap="both" if tile else (wrap or "none"),
                seed=seed + index,
                init=init,
                mask=mask,
                **chosen,
            )
            runs.append(run)
            names.append(
                {
                    "exemplar": Path(exemplar).stem,
                    "method": method,
                    "preset": preset or "default",
                    "seed": seed + index,
                    "index": index,
                    "height": run.canvas.size[0],
                    "width": run.canvas.size[1],
                }
            )
    paths = output_paths(output, names)
    films = [None] * len(runs) if video is None else output_paths(video, names)
    for path, film, run in zip(paths, films, runs, strict=True):
        check_writable(path, int(bit_depth))
        if film is not None:
            Recorder(film, run.canvas.size)
    for path, film, run in zip(paths, films, runs, strict=True):
        make(
            run,
            path,
            bit_depth=int(bit_depth),
            quiet=quiet,
            video=film,
            checkpoint_every=checkpoint_every,
        )
