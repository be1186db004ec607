"""The tables of the embedded store, one file per port, over one SQLite database and one transaction log."""
