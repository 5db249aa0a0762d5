"""Figures of what is computed in ``lichen.probe``: matplotlib's, without any state of its own."""
