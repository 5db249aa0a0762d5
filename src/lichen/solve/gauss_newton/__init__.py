"""Descent on statistics that hang together, in the metric of their gradients."""
