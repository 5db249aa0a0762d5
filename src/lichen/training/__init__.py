"""What is trained by this project: data that can be made or shipped, loops, checkpoints."""
