using Ops.Api;

namespace Ops.Operator.Stores;

/// <summary>A store's users -> their rows in the status, and UsersInForce. Pure.</summary>
internal static class UserConditions
{
    // As many as the status takes.
    private const int MostRows = 64;

    /// <summary>The rows: users of the spec, then those that are no longer there and that a silent node may still have.</summary>
    internal static IReadOnlyList<StoreUserStatus>? Rows(ShardedStore store, UsersState users, int members)
    {
        var (specs, before, report) = (store.Spec.Users ?? [], store.Status?.Users ?? [], users.Report);
        if (report is null)
            return store.Status?.Users;
        var unseen = Math.Max(0, members - report.Asked.Count);
        List<StoreUserStatus> rows =
        [
            .. specs.Select(user => new StoreUserStatus { Name = user.Name, Nodes = $"{report.InForce.GetValueOrDefault(user.Name)}/{members}" }),
            .. before.Where(row => unseen > 0 && specs.All(user => user.Name != row.Name)).Select(row => new StoreUserStatus { Name = row.Name, Nodes = $"{unseen}/{members}", Removing = true }),
        ];
        return store.Spec.Users is null && rows.Count == 0 ? null : [.. rows.Take(MostRows)];
    }

    /// <summary>UsersInForce where users are asked for.</summary>
    internal static IEnumerable<ConditionFinding> Of(ShardedStoreSpec spec, UsersState users)
    {
        if (spec.Users is { } wanted)
            yield return InForce(wanted, users);
    }

    private static ConditionFinding InForce(IReadOnlyList<StoreUserSpec> wanted, UsersState users)
    {
        if (users.Problem is { } problem)
            return new(ConditionTypes.UsersInForce, false, problem.Reason, problem.Message);
        if (users.Report is not { Asked.Count: > 0 and var asked } report)
            return new(ConditionTypes.UsersInForce, false, "Waiting", "no node was looked at yet");
        var missing = wanted.FirstOrDefault(user => report.InForce.GetValueOrDefault(user.Name) < asked);
        return missing is null
            ? new(ConditionTypes.UsersInForce, true, "InForce", $"all {wanted.Count} users are in force on the {asked} nodes that answer")
            : new(ConditionTypes.UsersInForce, false, "Giving", $"user {missing.Name} is in force on {report.InForce.GetValueOrDefault(missing.Name)} of the {asked} nodes that answer");
    }
}
