"""Looking again every month without crying wolf."""
