"""`python -m tests.upstreams.raw`: serve HTTP on a free loopback port and print the URL."""

from tests.upstreams.raw.app import RawApp
from tests.upstreams.raw.behaviour import Behaviour
from tests.upstreams.raw.connections import Connections
from tests.upstreams.raw.options import parser, settings
from tests.upstreams.record import Record, Recorder
from tests.upstreams.serve import serve


def main() -> None:
    options = parser("A raw MCP server over HTTP")
    options.add_argument("--transport", choices=("http", "sse"), default="http")
    chosen = options.parse_args()
    record, connections = Record(chosen.record), Connections()
    app = RawApp(Behaviour(settings(chosen), record), connections, chosen.transport)
    serve(Recorder(app, record), app.path, connections.protocol())


if __name__ == "__main__":
    main()
