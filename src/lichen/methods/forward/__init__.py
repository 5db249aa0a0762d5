"""Methods whose network is trained once; a picture is then a single forward pass."""
