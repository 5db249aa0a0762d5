"""Adjustments of a picture to given statistics, one by one, each by the least change."""
