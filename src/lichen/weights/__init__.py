"""Weights of pretrained networks: a catalogue, and code to find, download and read them.

Nothing here imports torch before tensors are read.
"""
