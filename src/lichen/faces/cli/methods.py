"""``lichen methods``: what there is, and all about one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from lichen import registry
from lichen.errors import ParameterError
from lichen.faces.cli import parameters
from lichen.faces.cli.method_options import MethodCommand
from lichen.method import Method
from lichen.statistics.catalogue import TERMS, TermRow


@click.command(cls=MethodCommand, method_from="name")
@click.argument("name", required=False)
@click.option("-p", "--preset", help="Count with the parameters of this preset.")
@click.option(
    "--count",
    is_flag=True,
    help="Count the numbers that the method matches, with the preset and parameters given.",
)
@click.option("--terms", is_flag=True, help="List the terms that --term may name.")
def methods(name: str | None, preset: str | None, count: bool, terms: bool, **values: Any) -> None:
    """List the methods, or explain the method NAME.

    \b
    lichen methods gatys
    lichen methods gatys --count --preset paper
    lichen methods gatys --count --preset paper --statistic principal-gram
    """  # noqa: D301 (click wants the control character)
    if name is None:
        if count or preset:
            raise ParameterError("--count needs a method", "as in: lichen methods gatys --count")
        rows: Mapping[str, registry.Row | TermRow] = TERMS if terms else registry.rows()
        formatter = click.HelpFormatter(max_width=100)
        formatter.write_dl([(known, row.summary) for known, row in rows.items()])
        click.echo(formatter.getvalue(), nl=False)
        return
    chosen = parameters.given(registry.get(name), values)
    if chosen and not count:
        raise ParameterError(
            f"--{next(iter(chosen)).replace('_', '-')} is only for --count",
            f"to make a picture: lichen synthesize --method {name}",
        )
    click.echo(_count(name, preset, chosen) if count else explain(name), nl=False)


def explain(name: str) -> str:
    """Describe a method: citation, what it honours, presets, parameters."""
    method = registry.get(name)
    formatter = click.HelpFormatter(max_width=100)
    formatter.write_text(f"{name}: {registry.rows()[name].summary}")
    formatter.write_paragraph()
    formatter.write_dl(
        [
            ("paper", method.citation),
            ("honours", f"size, seed, {', '.join(sorted(method.honours))}"),
            ("needs", f"at least {method.minimum_size}x{method.minimum_size} pixels"),
        ]
    )
    if method.presets:
        with formatter.section("Presets (--preset)"):
            formatter.write_dl([(preset, _preset(method, preset)) for preset in method.presets])
    with formatter.section("Parameters"):
        formatter.write_dl(
            [
                (f"{parameters.flag(field)} {parameters.kind(info)}", parameters.describe(info))
                for field, info in method.model_fields.items()
            ]
        )
    return formatter.getvalue()


def _preset(method: type[Method], preset: str) -> str:
    """What a preset says, as it would be typed."""
    start = method.starts_from.get(preset)
    words = [_typed(method.presets[preset])] + ([f"--init {start}"] if start else [])
    return " ".join(words)


def _typed(values: Any) -> str:
    """Parameters as they would be typed."""
    words = []
    for name, value in values.items():
        if isinstance(value, bool):
            words.append(parameters.flag(name) if value else f"--no-{name.replace('_', '-')}")
        else:
            typed = ",".join(map(str, value)) if isinstance(value, tuple | list) else value
            words.append(f"{parameters.flag(name)} {typed}")
    return " ".join(words)


def _count(name: str, preset: str | None, chosen: dict[str, Any]) -> str:
    method = registry.get(name).configure(preset, **chosen)
    counter = getattr(method, "count_statistics", None)
    if counter is None:
        raise ParameterError(
            f"{name} does not match a fixed number of statistics", "count those of gatys"
        )
    counts: dict[str, int] = counter()
    lines = [f"{layer:<12} {number:>10,}" for layer, number in counts.items()]
    return "\n".join([*lines, f"{'in all':<12} {sum(counts.values()):>10,}\n"])
