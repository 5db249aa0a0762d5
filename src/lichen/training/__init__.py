"""How networks are trained: data, loop, checkpoints; what is trained says what it needs."""
