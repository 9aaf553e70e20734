namespace Ops.Router;

/// <summary>The paths that the router serves.</summary>
internal static class Paths
{
    internal const string Chat = "/v1/chat/completions";
    internal const string Completions = "/v1/completions";
    internal const string Embeddings = "/v1/embeddings";
    internal const string Responses = "/v1/responses";
    internal const string Models = "/v1/models";
    internal const string Health = "/healthz";
    internal const string Ready = "/readyz";
    internal const string Metrics = "/metrics";
    internal const string Decisions = "/decisions";
    internal const string Outcomes = "/outcomes";
}
