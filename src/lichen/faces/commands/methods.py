"""``lichen methods``: what there is, and all about one."""

from __future__ import annotations

import click

from lichen import registry
from lichen.errors import ParameterError
from lichen.faces import parameters


@click.command()
@click.argument("name", required=False)
@click.option("-p", "--preset", help="Count with the parameters of this preset.")
@click.option("--count", is_flag=True, help="Count the numbers that the method matches.")
def methods(name: str | None, preset: str | None, count: bool) -> None:
    """List the methods, or explain the method NAME."""
    if name is None:
        if count or preset:
            raise ParameterError("--count needs a method", "as in: lichen methods gatys --count")
        for method, row in sorted(registry.rows().items()):
            click.echo(f"{method:<16} {row.summary}")
        return
    click.echo(_count(name, preset) if count else explain(name))


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


def _count(name: str, preset: str | None) -> str:
    method = registry.get(name).configure(preset)
    counter = getattr(method, "count_statistics", None)
    if counter is None:
        raise ParameterError(f"{name} does not match a fixed number of statistics")
    counts: dict[str, int] = counter()
    lines = [f"{layer:<12} {number:>10,}" for layer, number in counts.items()]
    return "\n".join([*lines, f"{'in all':<12} {sum(counts.values()):>10,}"])
