"""The human test: scores against closed forms, files of answers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lichen.errors import LichenError
from lichen.quality.trial_score import COLUMNS, MethodScore, read_answers, score


def row(**changes: Any) -> str:
    values = {
        "participant": "anna", "trial": 1, "method": "m", "exemplar": "photo",
        "side_of_real": "left", "answer": "left", "response_ms": 700, "exposure_ms": 1000,
        "crop": 96, "timestamp": "2025-01-02T03:04:05.678Z", "seed": 0, **changes,
    }  # fmt: skip
    values.setdefault("correct", int(values["side_of_real"] == values["answer"]))
    return ",".join(str(values[name]) for name in COLUMNS)


def table(*rows: str) -> str:
    return "\r\n".join([",".join(COLUMNS), *rows, ""])


def scores(tmp_path: Path, *rows: str) -> dict[str, MethodScore]:
    (tmp_path / "a.csv").write_text(table(*rows))
    return {s.method: s for s in score(read_answers([tmp_path / "a.csv"])[0])}


@pytest.mark.parametrize(("k", "n"), [(0, 10), (5, 10), (31, 40), (40, 40), (1, 1)])
def test_interval_and_p_are_the_closed_forms(tmp_path: Path, k: int, n: int) -> None:
    answers = [row(trial=i + 1, answer="left" if i < k else "right") for i in range(n)]
    found = scores(tmp_path, *answers)["m"]
    z = 1.959963984540054  # of the normal distribution at 97.5 %
    centre = (k + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(k * (n - k) / n + z * z / 4)
    assert (found.n_correct, found.n_answers) == (k, n)
    assert found.low == pytest.approx(centre - half, abs=1e-9)
    assert found.high == pytest.approx(centre + half, abs=1e-9)
    tail = sum(math.comb(n, i) for i in range(n + 1) if abs(2 * i - n) >= abs(2 * k - n))
    assert found.p_value == pytest.approx(tail / 2**n)


def test_wilson_interval_as_published(tmp_path: Path) -> None:
    """Newcombe 1998, table I, method 3: 81 of 263, 15 of 148."""
    for k, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)):
        answers = [row(trial=i + 1, answer="left" if i < k else "right") for i in range(n)]
        found = scores(tmp_path, *answers)["m"]
        assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_first_answer_counts_whatever_the_order_of_files(tmp_path: Path) -> None:
    late = row(answer="right", timestamp="2025-01-02T03:04:06Z", response_ms=1)
    early = row(timestamp="2025-01-02T05:04:05+02:00", response_ms=300)
    (tmp_path / "1.csv").write_text(table(late))
    (tmp_path / "2.csv").write_text("\ufeff" + table(early, row(trial=2, response_ms=500)), "utf-8")
    answers, n_repeated = read_answers([tmp_path / "1.csv", tmp_path / "2.csv"])
    assert n_repeated == 1
    assert [(a.trial, a.correct) for a in answers] == [(1, True), (2, True)]
    assert score(answers)[0].mean_response_ms == 400


@pytest.mark.parametrize(
    "change", [{"participant": "ben"}, {"method": "n"}, {"exemplar": "x"}, {"seed": 1},
               {"crop": 64}, {"exposure_ms": 0}, {"trial": 2}]
)  # fmt: skip
def test_other_questions_count(tmp_path: Path, change: dict[str, Any]) -> None:
    found = scores(tmp_path, row(), row(answer="right", **change))
    assert sum(s.n_answers for s in found.values()) == 2


MALFORMED = {
    "": ("line 1", "columns participant"),
    "participant;trial\r\n": ("line 1", "are missing"),
    table(row(), row(answer="up")): ("line 3", "answer is 'up'"),
    table(row(side_of_real="")): ("line 2", "side_of_real is ''"),
    table(row(correct=0)): ("line 2", "correct is '0' though it should be 1"),
    table(row(trial=0)): ("line 2", "trial is '0'"),
    table(row(trial="1.5")): ("line 2", "trial is '1.5'"),
    table(row(seed="-1")): ("line 2", "seed is '-1'"),
    table(row(response_ms="nan")): ("line 2", "response_ms is 'nan'"),
    table(row(response_ms="fast")): ("line 2", "response_ms is 'fast'"),
    table(row(timestamp="noon")): ("line 2", "timestamp is 'noon'"),
    table(row(participant=" ")): ("line 2", "participant is empty"),
    table(row(), "", row() + ",more"): ("line 4", "13 values for 12 columns"),
    table(row(method='"open')): ("line 2", "unexpected end of data"),
    table(): ("has no answers", "give a file with answers"),
}


@pytest.mark.parametrize("text", MALFORMED, ids=[" ".join(v) for v in MALFORMED.values()])
def test_malformed_answers_are_one_line(place: Path, lichen: Callable[..., str], text: str) -> None:
    Path("a.csv").write_text(text)
    message = lichen("--score", "a.csv", fails=True)
    for part in MALFORMED[text]:
        assert part in message


def test_scores_on_the_command_line(place: Path, lichen: Callable[..., str]) -> None:
    Path("a.csv").write_text(table(*(row(trial=i + 1) for i in range(10))))
    Path("b.csv").write_text(table(row(), row(participant="ben", answer="right", exposure_ms=0)))
    lines = lichen("--score", "a.csv", "--score", "b.csv").splitlines()
    assert re.split(r"\s{2,}", lines[1]) == [
        "m", "10", "11", "90.9 %", "62.3 to 98.4 %", "0.0117", "700 ms",
    ]  # fmt: skip
    assert "participants: 2" in lines[-1]
    assert "shown: without limit, 1000 ms; repeated answers left out: 1" in lines[-1]


def test_errors_are_lichen_errors(place: Path) -> None:
    with pytest.raises(LichenError):
        read_answers([place])
