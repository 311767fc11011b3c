"""Harm: how many crimes times how serious each was."""
