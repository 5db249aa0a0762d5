"""Architectures that Lichen trains."""
