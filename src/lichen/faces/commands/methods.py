"""``lichen methods``: what there is, and all about one."""

from __future__ import annotations

from typing import Any

import click

from lichen import registry
from lichen.errors import ParameterError
from lichen.faces import parameters


class OneMethodCommand(click.Command):
    """Takes the parameters of the method that is named first, for counting."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Look for the name before anything else is understood."""
        if args and not args[0].startswith("-"):
            ctx.meta["method"] = args[0]
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Own options, then the method's."""
        own = super().get_params(ctx)
        if "method" not in ctx.meta:
            return own
        return [*own, *parameters.options(registry.get(ctx.meta["method"]))]


@click.command(cls=OneMethodCommand)
@click.argument("name", required=False)
@click.option("-p", "--preset", help="Count with the parameters of this preset.")
@click.option(
    "--count", is_flag=True, help="Count the numbers that are matched; takes parameters too."
)
def methods(name: str | None, preset: str | None, count: bool, **values: Any) -> None:
    """List the methods, or explain the method NAME.

    The counts of the 2015 paper: lichen methods gatys --count --preset paper
    [--statistic principal-gram | means].
    """
    if name is None:
        if count or preset:
            raise ParameterError("--count needs a method", "as in: lichen methods gatys --count")
        for method, row in sorted(registry.rows().items()):
            click.echo(f"{method:<16} {row.summary}")
        return
    chosen = parameters.given(registry.get(name), values)
    click.echo(_count(name, preset, chosen) if count else explain(name))


def explain(name: str) -> str:
    """Describe a method: citation, what it honours, presets, parameters."""
    method = registry.get(name)
    lines = [
        f"{name}: {registry.rows()[name].summary}",
        f"  paper    {method.citation}",
        f"  honours  size, seed, {', '.join(sorted(method.honours))}",
        f"  needs    at least {method.minimum_size}x{method.minimum_size} pixels",
        "presets",
    ]
    for preset, values in method.presets.items():
        settings = ", ".join(f"{key}={_typed(value)}" for key, value in values.items())
        lines.append(f"  {preset:<16} {settings}")
    lines.append("parameters")
    for field_name, field in method.model_fields.items():
        flag = "--" + field_name.replace("_", "-")
        lines.append(f"  {flag:<20} {parameters.kind(field):<8} {parameters.describe(field)}")
    return "\n".join(lines)


def _typed(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _count(name: str, preset: str | None, chosen: dict[str, Any]) -> str:
    method = registry.get(name).configure(preset, **chosen)
    counter = getattr(method, "count_statistics", None)
    if counter is None:
        raise ParameterError(f"{name} does not match a fixed number of statistics")
    counts: dict[str, int] = counter()
    lines = [f"{layer:<12} {number:>10,}" for layer, number in counts.items()]
    return "\n".join([*lines, f"{'in all':<12} {sum(counts.values()):>10,}"])
