"""Documents beside the monthly return, from the same functions and the same PDF engine; registry.DOCUMENTS lists them."""
