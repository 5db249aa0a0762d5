"""Descent in the metric of the gradients of the statistics."""
