"""From raw rows of any tool to clean events of the log."""
