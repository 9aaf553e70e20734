using Ops.Api;
using Ops.Llm;
using Ops.Planning;
using Ops.Storage.Access;
using Ops.Storage.Cluster;
using Ops.Storage.Engines;

namespace Ops.Operator.Stores;

/// <summary>What is known of a store's users.</summary>
/// <param name="Report">The last look at the nodes; null before the first.</param>
/// <param name="Problem">What is wrong with one of them; null for nothing.</param>
internal sealed record UsersState(UsersReport? Report, PlanProblem? Problem)
{
    internal static UsersState Nothing { get; } = new(null, null);
}

/// <summary>Keeps the users of one store: their passwords from Secrets, their rights from the spec, both on every node.</summary>
internal sealed partial class StoreUserKeeper(IStoreEngine engine, StoreUserSecrets secrets, ILogger logger)
{
    private const int MaxWords = 200;

    private UsersReport? _report;

    /// <summary>Brings the nodes after the spec when it is time to look at them.</summary>
    /// <param name="store">The store with its present status.</param>
    /// <param name="view">The nodes that are believed.</param>
    /// <param name="leading">Whether nodes may be changed.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal async Task<UsersState> KeepAsync(ShardedStore store, StoreView view, bool leading, CancellationToken cancellationToken)
    {
        // Users that were listed once and are no longer are removed before nobody looks any more.
        if ((store.Spec.Users is null && store.Status?.Users is null) || store.Spec.Suspend || !leading || ShardedStoreRules.Broken(store).Any())
            return new(_report = null, null);
        var specs = store.Spec.Users ?? [];
        await secrets.RefreshAsync(store, specs, cancellationToken);
        var found = specs.Select(spec => (Spec: spec, secrets.Find(spec).Digest, secrets.Find(spec).Problem)).ToList();
        if (await engine.KeepUsersAsync(view, [.. found.Select(one => UserRules.Of(one.Spec, one.Digest))], cancellationToken) is { } report)
        {
            _report = report;
            if (report.Given + report.Removed > 0)
                Log.Changed(logger, store.Metadata.NamespaceProperty, store.Metadata.Name, report.Given, report.Removed, report.Asked.Count);
        }

        return new(_report, found.Select(one => one.Problem).FirstOrDefault(problem => problem is not null) ?? Refusal(_report));
    }

    private static PlanProblem? Refusal(UsersReport? report) => report?.Refused.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one =>
        new PlanProblem("RuleRefused", $"spec.users[{one.Key}]: the engine refuses it and goes on with what it had: {TaintedText.Clean(one.Value, MaxWords)}; correct its commands, keys or channels")).FirstOrDefault();

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Namespace}/{Store}: users given {Given} and removed {Removed} times on {Nodes} nodes")]
        public static partial void Changed(ILogger logger, string @namespace, string store, int given, int removed, int nodes);
    }
}
