"""Batches: several jobs that differ from one in a few respects, none of them carried out yet."""

from __future__ import annotations

from dataclasses import replace

from lichen.job import Job


def with_seed(job: Job, seed: int) -> Job:
    """Return a job with another seed."""
    return replace(job, canvas=replace(job.canvas, seed=seed))


def with_seeds(job: Job, number: int) -> list[Job]:
    """Return jobs with seeds counting up from the job's."""
    return [with_seed(job, job.canvas.seed + count) for count in range(number)]
