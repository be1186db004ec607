"""Networks and losses in torch: they know tensors, and nothing of shops."""
