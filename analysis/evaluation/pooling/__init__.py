"""Several estimates together: meta-analysis, multiplicity, power, specification curves."""
