"""The scores of the human test: accuracy by method from the answers that its page exports."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from lichen.errors import LichenError

COLUMNS = (
    "participant", "trial", "method", "exemplar", "side_of_real", "answer", "correct",
    "response_ms", "exposure_ms", "crop", "timestamp", "seed",
)  # fmt: skip
"""Columns of the CSV file that the page exports."""

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")


@dataclass(frozen=True)
class MethodScore:
    """How often observers distinguished one method from the photo.

    Attributes
    ----------
    low, high
        95 % Wilson interval of the accuracy.
    p_value
        Two-sided, exact binomial, against chance (one half).
    mean_response_ms
        Mean time from the onset of the crops to the answer.
    """

    method: str
    n_participants: int
    n_answers: int
    n_correct: int
    low: float
    high: float
    p_value: float
    mean_response_ms: float

    @property
    def accuracy(self) -> float:
        """Fraction of correct answers."""
        return self.n_correct / self.n_answers


@dataclass(frozen=True)
class Answer:
    """One validated row of an exported file."""

    participant: str
    trial: int
    method: str
    exemplar: str
    correct: bool
    response_ms: float
    exposure_ms: int
    crop: int
    timestamp: datetime
    seed: int

    @property
    def question(self) -> tuple[object, ...]:
        """Participant and trial; a second answer does not count."""
        return (
            self.participant, self.exemplar, self.method, self.seed, self.crop,
            self.exposure_ms, self.trial,
        )  # fmt: skip


def score(answers: Sequence[Answer]) -> list[MethodScore]:
    """Score answers by method, in alphabetical order.

    Answers are pooled over participants, photos and exposures, and treated as independent.
    """
    from scipy.stats import binomtest

    scores = []
    for method in sorted({answer.method for answer in answers}):
        of_method = [answer for answer in answers if answer.method == method]
        n_correct = sum(answer.correct for answer in of_method)
        test = binomtest(n_correct, len(of_method), 0.5)
        interval = test.proportion_ci(0.95, method="wilson")
        scores.append(
            MethodScore(
                method=method,
                n_participants=len({answer.participant for answer in of_method}),
                n_answers=len(of_method),
                n_correct=n_correct,
                low=float(interval.low),
                high=float(interval.high),
                p_value=float(test.pvalue),
                mean_response_ms=sum(a.response_ms for a in of_method) / len(of_method),
            )
        )
    return scores


def read_answers(paths: Sequence[Path]) -> tuple[list[Answer], int]:
    """Read exported files, keeping each participant's earliest answer to each trial.

    Returns
    -------
    tuple
        The answers that count, and the number of repeated ones that do not.

    Raises
    ------
    LichenError
        For a file that cannot be read or is malformed, with the line number.
    """
    first: dict[tuple[object, ...], Answer] = {}
    answers = [answer for path in paths for answer in _read_file(path)]
    for answer in sorted(answers, key=lambda answer: answer.timestamp):
        first.setdefault(answer.question, answer)
    return list(first.values()), len(answers) - len(first)


def _read_file(path: Path) -> Iterator[Answer]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise LichenError(f"{path} is not a CSV file in UTF-8", "download it again") from None
    except OSError as error:
        raise LichenError(f"{path} cannot be read ({error.strerror})", "check the name") from None
    lines = csv.reader(io.StringIO(text), strict=True)
    n_answers = 0
    try:
        header = next(lines, [])
        missing = [name for name in COLUMNS if name not in header]
        if missing:
            raise ValueError(f"the columns {', '.join(missing)} are missing")
        for values in lines:
            if not values:
                continue
            if len(values) != len(header):
                raise ValueError(f"{len(values)} values for {len(header)} columns")
            yield _answer(dict(zip(header, values, strict=True)))
            n_answers += 1
    except (ValueError, csv.Error) as error:
        raise LichenError(
            f"{path}, line {max(lines.line_num, 1)}: {error}",
            "correct or delete the line, or download the file again, separated by commas",
        ) from None
    if not n_answers:
        raise LichenError(f"{path} has no answers", "give a file with answers")


def _answer(row: dict[str, str]) -> Answer:
    """Validate a row; a ValueError says what is wrong."""
    for name in ("participant", "method", "exemplar"):
        if not row[name].strip():
            raise ValueError(f"{name} is empty")
    for name in ("side_of_real", "answer"):
        if row[name] not in SIDES:
            raise ValueError(f"{name} is {row[name]!r}, neither left nor right")
    correct = row["side_of_real"] == row["answer"]
    if row["correct"] != str(int(correct)):
        raise ValueError(f"correct is {row['correct']!r} though it should be {int(correct)}")
    return Answer(
        participant=row["participant"],
        trial=_integer(row, "trial", 1),
        method=row["method"],
        exemplar=row["exemplar"],
        correct=correct,
        response_ms=_duration(row),
        exposure_ms=_integer(row, "exposure_ms", 0),
        crop=_integer(row, "crop", 1),
        timestamp=_time(row),
        seed=_integer(row, "seed", 0),
    )


def _integer(row: dict[str, str], name: str, minimum: int) -> int:
    if not row[name].isascii() or not row[name].isdigit() or int(row[name]) < minimum:
        raise ValueError(f"{name} is {row[name]!r}, not an integer of {minimum} or more")
    return int(row[name])


def _duration(row: dict[str, str]) -> float:
    try:
        value = float(row["response_ms"])
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ValueError(f"response_ms is {row['response_ms']!r}, not a time in milliseconds")
    return value


def _time(row: dict[str, str]) -> datetime:
    try:
        time = datetime.fromisoformat(row["timestamp"])
    except ValueError:
        raise ValueError(f"timestamp is {row['timestamp']!r}, not a date and time") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
