"""Who may do what: roles, the guard, sign-in, sessions and the audit log."""
