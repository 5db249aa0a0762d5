"""``lichen methods``: the taxonomy of the field, and all about one method."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import click

from lichen import registry
from lichen.errors import MethodError, ParameterError
from lichen.faces import schema
from lichen.faces.cli import options
from lichen.faces.cli.method_command import MethodCommand
from lichen.method import CAPABILITIES, Method
from lichen.statistics.catalogue import TERMS

WIDTH = 100
NO_BREAK_SPACE, NO_BREAK_HYPHEN = "\xa0", "\u2011"
TAKES = {"none": "no exemplar", "one": "one exemplar", "several": "one or more exemplars"}


@click.command(cls=MethodCommand, method_from="name")
@click.argument("name", required=False)
@click.option("-p", "--preset", help="Count with the parameters of this preset.")
@click.option(
    "--count",
    is_flag=True,
    help="Count the statistics that the method matches, with the given preset and parameters.",
)
@click.option("--terms", is_flag=True, help="List the terms that --term may name.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def methods(
    name: str | None, preset: str | None, count: bool, terms: bool, as_json: bool, **values: Any
) -> None:
    """List the methods by family, or explain the method NAME.

    \b
    lichen methods gatys
    lichen methods gatys --count --preset paper
    lichen methods gatys --count --preset paper --statistic principal-gram
    """  # noqa: D301 (click wants the control character)
    if name is None:
        if count or preset:
            raise ParameterError("--count needs a method", "as in: lichen methods gatys --count")
        if terms:
            click.echo(_terms(as_json), nl=False)
        else:
            click.echo(json.dumps(taxonomy(), indent=2) if as_json else _list())
        return
    chosen = options.given(registry.method(name), values)
    if chosen and not count:
        raise ParameterError(
            f"{options.flag(next(iter(chosen)))} applies only with --count",
            f"to make a picture: lichen synthesize --method {name}",
        )
    if count:
        click.echo(_count(name, preset, chosen), nl=False)
    elif as_json:
        click.echo(json.dumps(describe(name), indent=2))
    else:
        click.echo(explain(name), nl=False)


def taxonomy() -> dict[str, Any]:
    """Return families with their methods, and what each can do, as plain data."""
    found: dict[str, Any] = {
        "capabilities": dict(CAPABILITIES),
        "families": {
            family: {"summary": summary, "methods": {}}
            for family, summary in registry.FAMILIES.items()
        },
    }
    for name, row in registry.rows().items():
        try:
            method = registry.method(name)
        except MethodError as error:  # of an installed package
            found["families"][row.family]["methods"][name] = {
                "year": None, "summary": str(error), "honours": [],
            }  # fmt: skip
            continue
        found["families"][row.family]["methods"][name] = {
            "year": row.year,
            "summary": row.summary,
            "citation": method.citation,
            "takes": method.takes,
            "honours": sorted(method.capabilities()),
            "needs": sorted(method.needs),
        }
    found["families"] = {family: row for family, row in found["families"].items() if row["methods"]}
    return found


def describe(name: str) -> dict[str, Any]:
    """Return all about one method, as plain data."""
    row, method = registry.rows()[name], registry.method(name)
    return {
        "name": name,
        "family": row.family,
        "year": row.year,
        "summary": row.summary,
        "citation": method.citation,
        "takes": method.takes,
        "honours": sorted(method.capabilities()),
        "needs": sorted(method.needs),
        "minimum_size": method.minimum_size,
        "presets": {preset: dict(values) for preset, values in method.presets.items()},
        "parameters": [vars(field) for field in schema.fields(method)],
    }


def _list() -> str:
    formatter = click.HelpFormatter(width=WIDTH, max_width=WIDTH)
    for family, found in taxonomy()["families"].items():
        with formatter.section(f"{family} ({found['summary']})"):
            formatter.write_dl(
                [
                    (name, f"{row['year'] or '    '}  {row['summary']}.  [{_words(row)}]")
                    for name, row in found["methods"].items()
                ]
            )
    return formatter.getvalue().rstrip()


def _words(row: Mapping[str, Any]) -> str:
    return " ".join(row["honours"])


def _terms(as_json: bool) -> str:
    if as_json:
        return json.dumps({name: row.summary for name, row in TERMS.items()}, indent=2) + "\n"
    formatter = click.HelpFormatter(width=WIDTH, max_width=WIDTH)
    formatter.write_dl([(name, row.summary) for name, row in TERMS.items()])
    return formatter.getvalue()


def explain(name: str) -> str:
    """Describe a method: citation, what it can do, what it trades, presets, parameters."""
    row, method = registry.rows()[name], registry.method(name)
    formatter = click.HelpFormatter(width=WIDTH, max_width=WIDTH)
    formatter.write_text(f"{name}: {row.summary}")
    formatter.write_paragraph()
    formatter.write_dl(
        [
            ("paper", method.citation or "none"),
            ("family", f"{row.family}: {registry.FAMILIES[row.family]}"),
            ("takes", TAKES[method.takes]),
            ("needs", f"at least {method.minimum_size}x{method.minimum_size} pixels"),
        ]
    )
    with formatter.section("Honours size, seed and"):
        formatter.write_dl([(word, CAPABILITIES[word]) for word in sorted(method.capabilities())])
    if method.presets:
        with formatter.section("Presets (--preset)"):
            formatter.write_dl(
                [(preset, _unbroken(_preset(method, preset))) for preset in method.presets]
            )
    if found := schema.fields(method):
        with formatter.section("Parameters"):
            formatter.write_dl([row for field in found for row in _explained(field)])
    return formatter.getvalue().replace(NO_BREAK_SPACE, " ").replace(NO_BREAK_HYPHEN, "-")


def _explained(field: schema.Field) -> list[tuple[str, str]]:
    """Return what a parameter is, with its limits, and below it, indented, what it trades."""
    description, bracket, details = options.describe(field).rpartition("  [")
    details = re.sub(r"(?<![,;]) ", NO_BREAK_SPACE, details)  # ">= 1" and "default 3" stay whole
    flag = f"{options.flag(field.name)} {options.metavar(field).lower()}"
    rows = [(flag, _unbroken(f"{description}{bracket}{details}"))]
    if field.trades:
        rows.append(("", f"  {_unbroken(field.trades)}"))
    return rows


def _unbroken(text: str) -> str:
    """Keep what may be typed, as ``--no-relative``, from being broken at a hyphen."""
    return text.replace("-", NO_BREAK_HYPHEN)


def _preset(method: type[Method], preset: str) -> str:
    """Return what a preset stands for, as it would be typed."""
    found = {field.name: field for field in schema.fields(method)}
    words = [
        options.typed(name, value, found[name]) for name, value in method.presets[preset].items()
    ]
    start = method.starts_from.get(preset)
    return " ".join([*words, *([f"--init {start}"] if start else [])])


def _count(name: str, preset: str | None, chosen: dict[str, Any]) -> str:
    registry.require(name, "counts")
    counts = registry.method(name).configure(preset, **chosen).count_statistics()
    lines = [f"{layer:<12} {number:>10,}" for layer, number in counts.items()]
    return "\n".join([*lines, f"{'total':<12} {sum(counts.values()):>10,}\n"])
