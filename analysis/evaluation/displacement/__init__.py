"""Whether crime moved: weighted displacement differences, rings, quotients."""
