"""Several gateways that serve the same configuration tell each other what they heard."""
