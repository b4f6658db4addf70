"""What is scored and not compared, each with its reason: whole scenarios, which are not run, and `scenario:check`."""

NO_OAUTH_CLIENT = "they test a client that gets tokens by OAuth; the gateway has no OAuth client towards upstreams yet"
NO_CLIENT_YET = (
    "it judges a capability where one is declared; the gateway lists for itself, without any client's capabilities"
)
NO_STREAM_NEEDED = (
    "it looks at lists that come as event streams, and is for information where they come as JSON; the express door "
    "answers a list at once as JSON, which 2025-11-25 `basic/transports` leaves to the server"
)

AUTHORIZATION = (
    "auth/authorization-server-migration",
    "auth/basic-cimd",
    "auth/iss-normalized",
    "auth/iss-not-advertised",
    "auth/iss-supported",
    "auth/iss-supported-missing",
    "auth/iss-unexpected",
    "auth/iss-wrong-issuer",
    "auth/metadata-default",
    "auth/metadata-issuer-mismatch",
    "auth/metadata-var1",
    "auth/metadata-var2",
    "auth/metadata-var3",
    "auth/offline-access-not-supported",
    "auth/offline-access-scope",
    "auth/pre-registration",
    "auth/resource-mismatch",
    "auth/scope-from-scopes-supported",
    "auth/scope-from-www-authenticate",
    "auth/scope-omitted-when-undefined",
    "auth/scope-retry-limit",
    "auth/scope-step-up",
    "auth/token-endpoint-auth-basic",
    "auth/token-endpoint-auth-none",
    "auth/token-endpoint-auth-post",
)
LEFT_OUT = dict.fromkeys(AUTHORIZATION, NO_OAUTH_CLIENT) | {
    "request-metadata:sep-2575-client-declares-elicitation-capability": NO_CLIENT_YET,
    "server-sse-multiple-streams:server-sse-streams-functional": NO_STREAM_NEEDED,
}
