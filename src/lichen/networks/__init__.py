"""Architectures, without opinions: no name, no default layers, no file."""
