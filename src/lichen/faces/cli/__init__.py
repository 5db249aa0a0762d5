"""The command ``lichen``."""
