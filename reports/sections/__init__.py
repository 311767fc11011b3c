"""Sections A to K of the return, one file a subject: each takes a Source and gives the entries of its fields."""
