"""From a job to its steps and its result. Bars, signals and flags belong to the faces."""
