"""One reader a source format: a file in, one validated frame with its rejected and duplicate rows out."""
