"""Everything that trains or converts with torch: the `[learn]` extra."""
