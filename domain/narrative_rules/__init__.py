"""What people write in a return, read by rules: what claims too much, and what may tell who somebody is.

Pure functions of a text. They help whoever signs; they never decide.
"""
