"""Contract suites, shipped: subclass one in three lines and a new implementation is tested."""
