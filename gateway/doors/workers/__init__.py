"""One address served by several workers: each request of a session reaches its owner."""
