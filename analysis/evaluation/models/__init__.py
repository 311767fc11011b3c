"""Likelihoods, least squares and covariances that every estimator shares."""
