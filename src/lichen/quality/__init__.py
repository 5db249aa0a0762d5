"""How good a result is: each file one figure, or one test."""
