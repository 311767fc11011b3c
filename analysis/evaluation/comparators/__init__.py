"""The same change set against other places' own change."""
