"""Users, roles, permissions, departments, sign-in and the audit log."""
