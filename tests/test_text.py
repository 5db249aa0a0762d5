"""Shannon's texts: their n-grams are the corpus's, as frequent as there."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from lichen.errors import ParameterError
from lichen.text import Unit, draw_positions, generate, number_contexts, split

VERSE = """The rose is red, the violet's blue,
The honey's sweet, and so are you.
Thou art my love and I am thine;
I drew thee to my Valentine:
The lot was cast and then I drew,
And Fortune said it should be you.
"""


def passages(units: list[str] | str, n: int) -> set[tuple[str, ...]]:
    """All n-grams of a ring."""
    ring = list(units) * 2 + list(units) * (n // len(units))
    return {tuple(ring[k : k + n]) for k in range(len(units))}


@settings(max_examples=100, deadline=None)
@given(
    corpus=st.text(alphabet="ab c\nü", min_size=1, max_size=40),
    order=st.integers(1, 8),
    length=st.integers(1, 60),
    unit=st.sampled_from(["characters", "words"]),
    seed=st.integers(0, 99),
)
def test_every_n_gram_occurs_in_the_corpus(
    corpus: str, order: int, length: int, unit: Unit, seed: int
) -> None:
    units = split(corpus, unit)
    if not 1 <= order <= len(units):
        with pytest.raises(ParameterError):
            generate(corpus, order, length, unit, seed)
        return
    made = split(generate(corpus, order, length, unit, seed), unit)
    assert len(made) == length
    n = min(order, length)
    allowed = passages(units, n)
    assert all(tuple(made[k : k + n]) in allowed for k in range(length - n + 1))


def chance(text: str, corpus: str, order: int) -> float:
    """Chance of a text as far from the corpus's conditional law, by chi-square in all contexts."""
    law: dict[str, Counter[str]] = defaultdict(Counter)
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for source, counters in ((corpus + corpus[: order - 1], law), (text, seen)):
        for k in range(len(source) - order + 1):
            counters[source[k : k + order - 1]][source[k + order - 1]] += 1
    statistic, freedom = 0.0, 0
    for context, counts in seen.items():
        weights, total = law[context], sum(counts.values())
        if total < 20 * sum(weights.values()):
            continue
        for letter, weight in weights.items():
            expected = total * weight / sum(weights.values())
            statistic += (counts[letter] - expected) ** 2 / expected
        freedom += len(weights) - 1
    assert freedom > 20
    return float(chi2.sf(statistic, freedom))


@pytest.mark.parametrize("order", [1, 2, 3])
def test_each_letter_follows_the_conditional_distribution(order: int) -> None:
    made = generate(VERSE, order, 40_000, seed=1)
    assert chance(made, VERSE, order) > 1e-3
    other = VERSE + VERSE.splitlines(keepends=True)[0]  # one line is twice as likely
    assert chance(made, other, order) < 1e-6


def test_n_grams_are_as_frequent_as_in_the_corpus() -> None:
    """The ring's frequencies are those that the chain tends to: the total variation vanishes."""
    ring = VERSE + VERSE[0]
    wanted = Counter(ring[k : k + 2] for k in range(len(VERSE)))
    distances = []
    for length in (2_000, 200_000):
        made = generate(VERSE, 2, length, seed=3)
        found = Counter(made[k : k + 2] for k in range(length - 1))
        distances.append(
            sum(abs(found[g] / (length - 1) - n / len(VERSE)) for g, n in wanted.items()) / 2
        )
    assert distances[1] < 0.02
    assert distances[1] < distances[0] / 3


def test_a_dead_end_goes_on_at_the_beginning() -> None:
    """No passage occurs twice, so nothing else can follow: the corpus comes round and round."""
    made = generate("abcdef", 3, 20, seed=5)
    start = "abcdef".index(made[0])
    assert made == ("abcdef" * 5)[start : start + 20]


def test_the_highest_order_gives_the_corpus_back() -> None:
    units = VERSE.split()
    made = generate(VERSE, len(units), len(units), "words", seed=2).split()
    assert any(made == units[k:] + units[:k] for k in range(len(units)))


@given(corpus=st.text(alphabet="ab", min_size=1, max_size=20), length=st.integers(0, 25))
def test_contexts_have_one_number_if_they_are_the_same(corpus: str, length: int) -> None:
    ring = corpus * (length // len(corpus) + 2)
    contexts = [ring[k : k + length] for k in range(len(corpus))]
    numbers = number_contexts(list(corpus), length)
    for k, context in enumerate(contexts):
        assert [c == context for c in contexts] == list(numbers == numbers[k])


def test_positions_say_where_each_unit_is_from() -> None:
    units = list(VERSE)
    positions = draw_positions(units, 4, 500, np.random.default_rng(0))
    text = generate(VERSE, 4, 500, seed=0)
    assert "".join(units[position] for position in positions) == text
    assert text != generate(VERSE, 4, 500, seed=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("", 1, 5), "empty"),
        (("abc", 4, 5), "3 units"),
        (("abc", 0, 5), "`order` = 0"),
        (("abc", 1, 0), "`length` = 0"),
        (("abc", 1, 5, "characters", -1), "`seed` = -1"),
        (("abc", 1, 5, "lines"), "lines"),
    ],
)
def test_errors_name_what_is_wrong(arguments: tuple[str, int, int], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        generate(*arguments)


def lichen(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "lichen", "text", *arguments], capture_output=True, check=False
    )


def test_the_command_prints_or_saves_the_same_text(tmp_path: Path) -> None:
    corpus, output = tmp_path / "verse.txt", tmp_path / "new.txt"
    corpus.write_bytes(b"\xef\xbb\xbf" + VERSE.replace("\n", "\r\n").encode())
    options = ["--order", "3", "--length", "300", "--seed", "7"]
    printed = lichen(str(corpus), *options)
    assert printed.returncode == 0, printed.stderr
    wanted = generate(VERSE, 3, 300, seed=7)
    assert printed.stdout.decode().replace("\r\n", "\n") == wanted + "\n"
    assert lichen(str(corpus), *options, "-o", str(output)).returncode == 0
    assert output.read_bytes().decode() == wanted
    words = lichen(str(corpus), "--unit", "words", "--order", "2", "--length", "9")
    assert len(words.stdout.split()) == 9


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (b"", [], "empty"),
        (b"abc", ["--order", "9"], "order = 9"),
        (b"caf\xe9 au lait", [], "UTF-8"),
        (None, [], "No such file"),
        (b"a text", ["--length", "0"], "--length = 0"),
        (b"a text", ["--order", "2", "-o", "no-such-folder/new.txt"], "no-such-folder"),
    ],
)
def test_the_command_says_in_one_line_what_is_wrong(
    tmp_path: Path, content: bytes | None, options: list[str], message: str
) -> None:
    corpus = tmp_path / "corpus.txt"
    if content is not None:
        corpus.write_bytes(content)
    failed = lichen(str(corpus), *options)
    lines = failed.stderr.decode().splitlines()
    assert failed.returncode == 2
    assert len(lines) == 1
    assert message in lines[0]
    assert failed.stdout == b""
