"""Who may do what: keys, proofs of identity, scopes, and a brake on guessing."""
