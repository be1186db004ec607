"""Stores: where a shop keeps its log, personas, items and slates. Each file implements the ports on one engine."""
