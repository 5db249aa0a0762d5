"""argmin: solvers, the coarse-to-fine pyramid."""
