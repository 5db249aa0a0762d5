"""Methods, one file each; the folder says what changes at run time."""
