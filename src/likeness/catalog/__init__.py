"""The catalogue: item files, items derived from the log, themes, price bands, item text."""
