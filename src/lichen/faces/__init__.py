"""Thin faces, generated from the parameters of the methods."""
