"""The words everything shares: roles, scope, filters, periods, programme settings, number formats.

Pure Python, imports nothing of the project: every other package may lean on it.
"""
