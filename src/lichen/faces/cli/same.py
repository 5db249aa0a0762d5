"""``lichen same``: whether two patches are of one texture, and what tells them apart."""

from __future__ import annotations

import json

import click


@click.command()
@click.argument("a")
@click.argument("b")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def same(a: str, b: str, as_json: bool) -> None:
    """Tell whether the pictures A and B are patches of one texture.

    Beside the verdict stands the probability that they are, if both were equally likely
    beforehand. Of each statistic the distance is given and what it adds to the log-odds of one
    texture; the one that told them apart most strongly comes first. Transparency is not looked
    at. docs/discrimination.md says how often the answer is right.
    """
    from lichen.image import read_image
    from lichen.quality.discrimination import same as compare

    answer = compare(read_image(a).pixels, read_image(b).pixels, names=(a, b))
    if as_json:
        record = {
            "verdict": answer.verdict,
            "probability": answer.probability,
            "statistics": {name: row._asdict() for name, row in answer.statistics.items()},
        }
        click.echo(json.dumps(record, indent=2))
        return
    click.echo(f"{answer.verdict}: probability {answer.probability:.3f} of one texture")
    click.echo(f"{'statistic':<18}{'distance':>10}{'log-odds':>10}")
    for name, row in answer.statistics.items():
        click.echo(f"{name:<18}{row.distance:>10.3f}{row.contribution:>+10.2f}")
