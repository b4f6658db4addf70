"""Tests of the database service, on SQLite files and on a PostgreSQL of their own."""
