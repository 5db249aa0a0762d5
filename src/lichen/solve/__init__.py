"""The objective and its minimization: the weighted sum, the solvers, coarse to fine."""
