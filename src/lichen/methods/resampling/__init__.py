"""Methods that copy samples of the example."""
