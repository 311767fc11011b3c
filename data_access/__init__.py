"""The only place with SQL: engine, schema, one module a subject, every query scoped to its viewer."""
