"""Architectures alone: no names for provenance, no default layers, no files."""
