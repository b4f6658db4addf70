"""The `database` service: reads and writes the tables of one SQL database."""
