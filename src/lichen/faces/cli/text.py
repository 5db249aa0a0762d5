"""``lichen text``: a new text with the n-grams of another, Shannon's experiment."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("corpus", type=click.Path(path_type=Path))
@click.option(
    "--order",
    type=int,
    default=5,
    show_default=True,
    help="n: each unit is drawn given the n - 1 before it.",
)
@click.option(
    "--length", type=int, default=2000, show_default=True, help="Length of the text, in units."
)
@click.option(
    "--unit",
    type=click.Choice(["characters", "words"]),
    default="characters",
    show_default=True,
    help="Units of the n-grams.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same text.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="File for the text; printed by default."
)
def text(corpus: Path, order: int, length: int, unit: str, seed: int, output: Path | None) -> None:
    """Generate a text whose every n-gram occurs in CORPUS, a text file in UTF-8.

    Efros and Leung (1999) carried this method over to pictures: Shannon's n-grams (1948), sampled
    from the example itself.
    """
    from lichen.atomic import atomic_path, check_folder
    from lichen.errors import LichenError, ParameterError
    from lichen.text import generate

    if output is not None:
        check_folder(output)
    try:
        example = corpus.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LichenError(
            f"{corpus} is not text in UTF-8 (byte {error.start})",
            "convert it, or give another file",
        ) from None
    except OSError as error:
        raise LichenError(
            f"{corpus} cannot be read ({error.strerror or error})", "give a text file"
        ) from None
    try:
        generated = generate(
            example.replace("\r\n", "\n"),
            order,
            length,
            "words" if unit == "words" else "characters",
            seed,
        )
    except ParameterError as error:
        raise ParameterError(f"{corpus}: {error.problem}", error.remedy) from None
    if output is None:
        click.echo(generated)
        return
    with atomic_path(output) as temporary:
        temporary.write_text(generated, encoding="utf-8", newline="")
