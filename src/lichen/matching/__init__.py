"""Patches of pictures, and the nearest of them."""
