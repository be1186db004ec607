"""Sources of candidates, one per file; each obeys `ports.Source` and the suite in `testing.recall`."""
