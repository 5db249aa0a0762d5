"""Weights of pretrained networks: a catalogue, and how they are found, fetched and read.

Nothing here imports torch before tensors are read.
"""
