"""What the gateway owes the protocol, as data: an id, the paragraph that asks for it, and what must hold.

A paragraph is `<revision> <page>#<section>` of the specification at modelcontextprotocol.io, `SEP-<number>#<section>`
for an extension, or `gateway` for a promise of our own. Tests cite ids with `@requirement("…")`.
"""

from typing import NamedTuple

import pytest

requirement = pytest.mark.requirement
"""Cites one or more requirements that a test shows."""


class Requirement(NamedTuple):
    """One thing owed."""

    id: str
    source: str
    text: str


REQUIREMENTS = (
    # eras
    Requirement(
        "eras.pairing",
        "2026-07-28 basic/versioning#backward-compatibility-with-initialization-based-versions",
        "Every upstream works for clients of both eras at one endpoint, whatever its own era and transport.",
    ),
    Requirement(
        "eras.result-shape",
        "2026-07-28 basic/index#resulttype",
        "`resultType`, `ttlMs` and `cacheScope` are on results for modern clients only.",
    ),
    Requirement(
        "eras.any-door",
        "gateway",
        "In memory, over HTTP and over stdio the gateway serves the same things in the same way.",
    ),
    Requirement(
        "stateless.envelope",
        "2026-07-28 basic/index#_meta",
        "A modern request says its version and its client's capabilities; one that does not is refused, -32602, and "
        "one of another version, -32022.",
    ),
    Requirement(
        "stateless.method",
        "2026-07-28 basic/transports/streamable-http#sending-messages-to-the-server",
        "A method that nobody has is answered with 404 and -32601.",
    ),
    Requirement(
        "stateless.no-session",
        "2026-07-28 basic/index#statelessness",
        "A modern client is given no session, and needs none.",
    ),
    # who we are
    Requirement(
        "discover.identity",
        "2026-07-28 server/discover#response",
        "Clients see one server, the gateway: no upstream's name comes through, in the handshake or in a result.",
    ),
    Requirement(
        "discover.instructions",
        "2026-07-28 server/discover#response",
        "The instructions are the gateway's, then those of each upstream under its namespace.",
    ),
    Requirement(
        "discover.offered",
        "2026-07-28 server/discover#discoverresult",
        "A capability is advertised if somebody behind the gateway has it, and not otherwise.",
    ),
    Requirement(
        "discover.hints",
        "2026-07-28 server/utilities/caching#cacheable-results",
        "What `server/discover` answers holds for as long as the lists do.",
    ),
    Requirement(
        "extensions.both",
        "2026-07-28 basic/versioning#extension-negotiation",
        "An upstream is told of those extensions only that it declares itself, as its client does.",
    ),
    # tools
    Requirement(
        "tools.list",
        "2026-07-28 server/tools#listing-tools",
        "The tools of every upstream are listed under its namespace, in a stable order, with no other change.",
    ),
    Requirement(
        "tools.names",
        "2026-07-28 server/tools#tool-names",
        "Public names are unique and within `[A-Za-z0-9_-]{1,64}`, and each leads to its own tool, however alike the "
        "upstream's names are.",
    ),
    Requirement(
        "tools.schema",
        "2026-07-28 basic/index#json-schema-usage",
        "Schemas come through as they are, `$defs`, `$ref` and `$anchor` included.",
    ),
    Requirement(
        "tools.call",
        "2026-07-28 server/tools#calling-tools",
        "A call reaches the tool under its own name with its arguments, and its whole result comes back.",
    ),
    Requirement(
        "tools.content",
        "2026-07-28 server/tools#tool-result",
        "Content of every kind comes back; of a kind that nobody knows, as text that does not spoil the rest.",
    ),
    Requirement(
        "tools.structured",
        "2026-07-28 server/tools#structured-content",
        "`structuredContent` comes back whatever JSON value it is, and neither it nor an `outputSchema` that is no "
        "object spoils a list or a call for a legacy client.",
    ),
    Requirement(
        "tools.is-error",
        "2026-07-28 server/tools#error-handling",
        "A result with `isError` keeps all its content.",
    ),
    Requirement(
        "tools.unknown",
        "2026-07-28 server/tools#error-handling",
        "An unknown tool is a protocol error, -32602.",
    ),
    Requirement(
        "tools.headers",
        "2026-07-28 basic/transports/streamable-http#custom-headers-from-tool-parameters",
        "Parameters that an upstream wants in headers are put there.",
    ),
    Requirement(
        "tools.new",
        "gateway",
        "A tool that an upstream has got since it was last asked can be called at once, and is then listed.",
    ),
    # resources
    Requirement(
        "resources.list",
        "2026-07-28 server/resources#listing-resources",
        "Resources are listed under URIs that name their upstream's namespace, with all that is said of them.",
    ),
    Requirement(
        "resources.read",
        "2026-07-28 server/resources#reading-resources",
        "A listed resource can be read: text, bytes, and under a URI without an authority.",
    ),
    Requirement(
        "resources.templates",
        "2026-07-28 server/resources#resource-templates",
        "What a client expands from a listed template can be read.",
    ),
    Requirement(
        "resources.unlisted",
        "2026-07-28 server/tools#resource-links",
        "URIs in results lead, through the gateway, to what they name, listed or not.",
    ),
    Requirement(
        "resources.unknown",
        "2026-07-28 server/resources#error-handling",
        "An unknown resource is a protocol error, -32602; -32002 is never sent.",
    ),
    # prompts
    Requirement(
        "prompts.list",
        "2026-07-28 server/prompts#listing-prompts",
        "Prompts are listed under their upstream's namespace, with all that is said of them.",
    ),
    Requirement(
        "prompts.get",
        "2026-07-28 server/prompts#getting-a-prompt",
        "A prompt is rendered by its upstream with the arguments given.",
    ),
    Requirement(
        "prompts.unknown",
        "2026-07-28 server/prompts#error-handling",
        "An unknown prompt is a protocol error, -32602.",
    ),
    # while a call runs
    Requirement(
        "progress.token",
        "2026-07-28 basic/patterns/progress#progress-flow",
        "Progress comes with the token that the client chose, and only to who gave one.",
    ),
    Requirement(
        "progress.order",
        "2026-07-28 basic/patterns/progress#behavior-requirements",
        "All progress comes, in order, before the result.",
    ),
    Requirement(
        "logs.requested",
        "2026-07-28 server/utilities/logging#per-request-log-level",
        "Log messages come at the level that a request names and above it; without a level, none.",
    ),
    Requirement(
        "logs.session-level",
        "2025-11-25 server/utilities/logging#setting-log-level",
        "Log messages come at the level that a legacy session set and above it.",
    ),
    Requirement(
        "cancellation.modern",
        "2026-07-28 basic/patterns/cancellation#transport-specific-cancellation",
        "A modern client that closes its stream stops the upstream's call.",
    ),
    Requirement(
        "cancellation.legacy",
        "2025-11-25 basic/utilities/cancellation#cancellation-flow",
        "`notifications/cancelled` of a legacy client stops the upstream's call.",
    ),
    Requirement(
        "cancellation.upstream",
        "2026-07-28 basic/patterns/cancellation#transport-specific-cancellation",
        "A modern upstream over HTTP is told by the end of the stream, any other by `notifications/cancelled`.",
    ),
    Requirement(
        "elicitation.legacy",
        "2025-11-25 client/elicitation#form-mode-elicitation-requests",
        "What a legacy upstream asks in mid-call reaches the legacy client, and its answer goes back.",
    ),
    Requirement(
        "elicitation.undeclared",
        "2025-11-25 basic/lifecycle#capability-negotiation",
        "An upstream is told of no capability that the client did not declare.",
    ),
    Requirement(
        "elicitation.answer",
        "2025-11-25 client/elicitation#response-actions",
        "What a legacy client answers that is no answer to the question becomes an error for the upstream that asked.",
    ),
    Requirement(
        "roots.changes",
        "2025-11-25 client/roots#capabilities",
        "No upstream is promised to be told that a client's roots change, since it is not.",
    ),
    Requirement(
        "elicitation.page",
        "2025-11-25 client/elicitation#url-elicitation-required-error",
        "A page that a legacy upstream wants visited first is asked for where the client declared pages; then the call "
        "is made again. Another client gets our error.",
    ),
    Requirement(
        "elicitation.visited",
        "2025-11-25 client/elicitation#completion-notifications-for-url-mode-elicitation",
        "That a page was visited is told to the legacy client that was asked to, also when its call is over.",
    ),
    Requirement(
        "mrtr.pass",
        "2026-07-28 basic/patterns/mrtr#basic-workflow",
        "An input-required result passes from a modern upstream to a modern client, and the retry back.",
    ),
    Requirement(
        "mrtr.legacy-client",
        "2026-07-28 basic/patterns/mrtr#basic-workflow",
        "The input that a modern upstream requires is asked of a legacy client in mid-call, and sent back.",
    ),
    Requirement(
        "mrtr.legacy-upstream",
        "2026-07-28 basic/patterns/mrtr#basic-workflow",
        "What a legacy upstream asks in mid-call is an input-required result for a modern client, and its answer goes "
        "to the call that waits: the call is sent once.",
    ),
    Requirement(
        "mrtr.kinds",
        "2026-07-28 basic/patterns/mrtr#supported-requests",
        "Forms, pages, samples and roots can be asked for, within one era and across them.",
    ),
    Requirement(
        "mrtr.bound",
        "2026-07-28 basic/patterns/mrtr#server-requirements",
        "State that was changed, or comes with another route, other arguments or for the second time, is refused.",
    ),
    # errors
    Requirement(
        "errors.kept",
        "2026-07-28 basic/index#error-responses",
        "An upstream's JSON-RPC error keeps its code, message and data.",
    ),
    # completion
    Requirement(
        "completion.routed",
        "2026-07-28 server/utilities/completion#requesting-completions",
        "Completing an argument of a prompt or template is asked of the upstream that owns it, and of no other.",
    ),
    Requirement(
        "completion.advertised",
        "2026-07-28 server/utilities/completion#capabilities",
        "Completion is advertised while some service or upstream completes anything, and then only.",
    ),
    Requirement(
        "completion.service",
        "2026-07-28 server/utilities/completion#requesting-completions",
        "Arguments of a service's prompts and templates are completed by the service, under its own names.",
    ),
    # headers
    Requirement(
        "headers.agree",
        "2026-07-28 basic/transports/streamable-http#server-validation",
        "Headers that do not say what the body says, under the public name, or say it twice, are refused: 400, -32020.",
    ),
    Requirement(
        "headers.encoded",
        "2026-07-28 basic/transports/streamable-http#value-encoding",
        "A header value in its Base64 form is understood.",
    ),
    Requirement(
        "headers.params",
        "2026-07-28 basic/transports/streamable-http#server-behavior-for-custom-headers",
        "Arguments that a tool wants in headers are checked against its public schema: 400, -32020.",
    ),
    # pages
    Requirement(
        "pages.whole",
        "2026-07-28 server/utilities/pagination#pagination-flow",
        "All pages of a list, followed by their cursors, are the whole list, each entry once.",
    ),
    Requirement(
        "pages.replicas",
        "gateway",
        "A cursor leads on at any replica and through either door, not only where it was given.",
    ),
    Requirement(
        "pages.stable",
        "2026-07-28 server/utilities/pagination#implementation-guidelines",
        "A cursor leads on although the list has changed since it was given.",
    ),
    Requirement(
        "pages.bad-cursor",
        "2026-07-28 server/utilities/pagination#error-handling",
        "A cursor that was never given out for this list is refused with -32602.",
    ),
    Requirement(
        "pages.default",
        "gateway",
        "By default a list of 1,000 tools is one page, because not every client reads on.",
    ),
    # caching
    Requirement(
        "caching.list-ttl",
        "2026-07-28 server/utilities/caching#time-to-live-ttl-field",
        "A merged list is fresh for the least of what is left of each upstream's time, and never for a negative one.",
    ),
    Requirement(
        "caching.list-scope",
        "2026-07-28 server/utilities/caching#cache-scope-field",
        "A list is private on all its pages if any upstream's is, or if it depends on who asks.",
    ),
    Requirement(
        "caching.read",
        "2026-07-28 server/utilities/caching#cacheable-results",
        "What is read has its upstream's or service's hints for modern clients; legacy clients see none.",
    ),
    Requirement(
        "caching.nothing-else",
        "2026-07-28 server/utilities/caching#cacheable-results",
        "Calls, prompts and results that ask for input carry no hints.",
    ),
    # streams
    Requirement(
        "streams.resumed",
        "2025-11-25 basic/transports#resumability-and-redelivery",
        "A legacy client that lost a stream takes it up with `Last-Event-ID`, in its own session only.",
    ),
    Requirement(
        "streams.long",
        "gateway",
        "An answer of 3 MiB comes through whole, from any upstream to any client.",
    ),
    # tasks
    Requirement(
        "tasks.made",
        "SEP-2663#task-creation",
        "A call that an upstream makes a task of comes back as one, under an opaque id of ours.",
    ),
    Requirement(
        "tasks.followed",
        "SEP-2663#task-polling",
        "`tasks/get`, `tasks/update` and `tasks/cancel` reach the upstream that made it; its result is the call's.",
    ),
    Requirement(
        "tasks.headers",
        "SEP-2663#streamable-http-routing-headers",
        "`Mcp-Name` is the task's id: ours from clients (else -32020), and the upstream's own towards it.",
    ),
    Requirement(
        "tasks.bound",
        "SEP-2663#security-implications",
        "An id holds for the caller that it was given to; a forged one and another's are unknown alike, -32602.",
    ),
    Requirement(
        "tasks.declared",
        "SEP-2663#capability-negotiation",
        "Upstreams hear of tasks only if the client declares them; else it gets -32021. Legacy clients have none.",
    ),
    Requirement(
        "tasks.advertised",
        "SEP-2663#capability-negotiation",
        "Tasks are advertised while an upstream that is on has them, and then only.",
    ),
    # what changes
    Requirement(
        "changes.acknowledged",
        "2026-07-28 basic/patterns/subscriptions#acknowledgment",
        "A listen is acknowledged first, with the subset of its filter that the client may hear of, and its own id.",
    ),
    Requirement(
        "changes.lists",
        "2026-07-28 basic/patterns/subscriptions#receiving-notifications",
        "A list that changes upstream is told of to clients that listen, and to legacy sessions.",
    ),
    Requirement(
        "changes.resources",
        "2026-07-28 basic/patterns/subscriptions#notification-filter",
        "A change to a watched resource is told of by its public URI, to those only who watch it.",
    ),
    # _meta
    Requirement(
        "meta.vendor",
        "2026-07-28 basic/index#_meta",
        "Vendor keys in `_meta` pass in both directions; the connection's own keys never do.",
    ),
    # upstreams that break the rules
    Requirement(
        "bad-upstream.unharmed",
        "gateway",
        "Whatever rule an upstream breaks, the rest of the catalog is listed and answers, for clients of both eras.",
    ),
    Requirement(
        "bad-upstream.told",
        "gateway",
        "What an upstream breaks is shown against it in the doctor and the status, and told once in the log.",
    ),
    Requirement(
        "bad-upstream.no-fetch",
        "2026-07-28 basic/index#ref-resolution",
        "Nothing that a schema refers to on the network is ever fetched.",
    ),
    # who may call what
    Requirement(
        "authorization.scope",
        "2026-07-28 basic/authorization#runtime-insufficient-scope-errors",
        "A call without its scope gets 403, the scope to ask for in `WWW-Authenticate`, and all that would do as data.",
    ),
    # tracing
    Requirement(
        "tracing.passed",
        "2026-07-28 basic/index#_meta",
        "Where nobody records, a client's `traceparent`, `tracestate` and `baggage` reach the upstream unchanged.",
    ),
    Requirement(
        "tracing.child",
        "2026-07-28 basic/index#_meta",
        "Where an OpenTelemetry SDK records, the upstream works within a child span of the client's trace.",
    ),
    # what a call costs
    Requirement(
        "cost.call",
        "gateway",
        "Warm, a call is one request to the upstream that owns the tool, on a kept connection, and none to another.",
    ),
    Requirement("cost.service", "gateway", "A call of a service is no request to any upstream."),
    Requirement("cost.list", "gateway", "A list is no request to any upstream."),
)
