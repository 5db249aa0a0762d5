"""Weights of pretrained networks: which there are, where they lie, how to get them.

Nothing here imports torch until tensors are read.
"""
