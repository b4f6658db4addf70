"""Everything that talks to upstreams: connections, sessions, listings, and the relay."""
