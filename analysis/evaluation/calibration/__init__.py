"""How often each estimator is wrong, measured on data where the truth is known."""
