"""How a running gateway goes over to another configuration."""
