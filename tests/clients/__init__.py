"""Independent clients against a gateway in its own process, each one list and one call of every owner: `make clients`.

- `clients.py`: who they are, and which era each is to speak. `python/`, `node/`: their versions, pinned.
- `drivers/`: how each lists and calls; they run in the clients' own environments, and say in JSON what they got.
- `installs.py`: those environments, kept in `.clients`. `run.py`: runs them all and prints a table.
"""
