"""What a search text means: normalising, words, understanding."""
