"""Raw files in, rows out: any container, any encoding, bounded memory, and no row that vanishes."""
