"""Database, models, queries, migrations and demo data."""
