"""Patches of pictures, and what they are compared by."""
