"""The evaluation as files: what it rests on, what it says, and the same again from the files alone."""
