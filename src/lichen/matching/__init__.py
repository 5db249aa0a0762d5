"""The nearest patch: which place of one picture looks most like a place of another."""
