"""The seal on a return: which key, how it is put on a PDF, and what a sealed PDF proves. Nothing here uses a network."""
