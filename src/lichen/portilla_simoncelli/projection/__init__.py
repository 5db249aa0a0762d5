"""Projections onto the statistics, one after another."""
