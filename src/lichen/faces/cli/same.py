"""``lichen same``: whether two patches show the same texture, and what distinguishes them."""

from __future__ import annotations

import json

import click

from lichen.faces.cli.shared_options import DEVICE


@click.command()
@click.argument("a")
@click.argument("b")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@DEVICE
def same(a: str, b: str, as_json: bool, device: str) -> None:
    """Tell whether the pictures A and B show the same texture.

    Prints the verdict and the probability of the same texture, for even prior odds; then the
    distance in each statistic and its contribution to the log-odds, the strongest evidence of a
    difference first. Transparency is ignored. docs/discrimination.md has the accuracy.
    """
    from lichen.image import read_image
    from lichen.quality.discrimination import same as compare

    answer = compare(read_image(a).pixels, read_image(b).pixels, names=(a, b), device=device)
    if as_json:
        record = {
            "verdict": answer.verdict,
            "probability": answer.probability,
            "statistics": {name: row._asdict() for name, row in answer.statistics.items()},
        }
        click.echo(json.dumps(record, indent=2))
        return
    click.echo(f"{answer.verdict}: probability {answer.probability:.3f} of the same texture")
    click.echo(f"{'statistic':<18}{'distance':>10}{'log-odds':>10}")
    for name, row in answer.statistics.items():
        click.echo(f"{name:<18}{row.distance:>10.3f}{row.contribution:>+10.2f}")
