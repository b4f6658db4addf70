"""What every driver is given and says: `driver URL MODE CALLS`, and one JSON line on stdout at the end.

CALLS is a JSON object of tools and the arguments to call each with. No import of ours: drivers run in foreign
environments.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

URL, MODE = sys.argv[1:3]
CALLS: Mapping[str, Mapping[str, Any]] = json.loads(sys.argv[3])


def tell(listed: Iterable[str], said: Mapping[str, Any]) -> None:
    """The names of the tools that were listed, and the text that each call gave."""
    print(json.dumps({"listed": list(listed), "said": dict(said)}), flush=True)
