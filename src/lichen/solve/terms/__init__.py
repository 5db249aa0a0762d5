"""The terms that an objective may be summed from."""
