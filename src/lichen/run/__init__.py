"""From a job to its steps and its result. No bar, no signals, no flags: those are the faces'."""
