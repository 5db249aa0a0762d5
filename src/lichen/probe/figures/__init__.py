"""Figures of what ``lichen.probe`` computes, drawn by matplotlib without its global state."""
