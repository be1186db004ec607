"""Likeness draws a living portrait of every shopper, and searches, recommends and explains with it."""

__version__ = "0.1.0"
