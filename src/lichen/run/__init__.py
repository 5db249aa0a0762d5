"""The runner: iterates a method, and does progress, cancellation, checkpoints, video, saving."""
