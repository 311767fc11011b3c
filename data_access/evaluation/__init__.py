"""The evaluation from the database: inputs, sections, what readers may see of them."""
