using System.Collections.Immutable;
using Ops.Sandbox.Api.Store;

namespace Ops.Sandbox.Api.Resources;

/// <summary>One page of a list.</summary>
/// <param name="Items">Objects in order of namespace and name.</param>
/// <param name="Revision">The revision that all pages of one list share.</param>
/// <param name="Continue">Token of the next page, null on the last.</param>
/// <param name="Remaining">How many objects follow; null when a selector makes it unknown.</param>
internal sealed record ListPage(IReadOnlyList<StoredObject> Items, long Revision, string? Continue, int? Remaining);

/// <summary>Reads: one object, or pages of a list from one snapshot.</summary>
internal sealed class ObjectReader(ObjectStore store, TimeProvider time)
{
    /// <summary>How long a read of a revision that does not exist yet waits for it, as kube-apiserver does.</summary>
    private static readonly TimeSpan FutureRevisionPatience = TimeSpan.FromSeconds(3);

    public StoredObject Get(ServedResource resource, string ns, string name) =>
        store.Snapshot.Find(resource.Storage, new ObjectId(ns, name)) ?? throw Errors.NotFound(resource.Id, name);

    public async Task<ListPage> ListAsync(ServedResource resource, ListQuery query, CancellationToken cancellationToken)
    {
        if (query.ResourceVersion is { } wanted) await WaitForAsync(resource, wanted, cancellationToken);
        return List(resource, query);
    }

    public ListPage List(ServedResource resource, ListQuery query)
    {
        var (objects, revision) = Resolve(resource, query);
        IEnumerable<StoredObject> candidates = objects.Values;
        if (query.Continue is { } token) candidates = candidates.SkipWhile(o => Before(o.Id, token.Start));
        var limit = query.Limit > 0 && query.ResourceVersion != 0 ? query.Limit : int.MaxValue;
        var items = new List<StoredObject>();
        var remaining = 0;
        foreach (var candidate in candidates.Where(query.Selects))
        {
            if (items.Count < limit) items.Add(candidate);
            else remaining++;
        }

        if (remaining == 0) return new ListPage(items, revision, null, null);
        var next = new ContinueToken(revision, $"{items[^1].Id.Namespace}/{items[^1].Id.Name}\0").Encode();
        return new ListPage(items, revision, next, query.HasSelector ? null : remaining);
    }

    /// <summary>Waits a little for a revision that is ahead of the store, then answers 504.</summary>
    public async Task WaitForAsync(ServedResource resource, long revision, CancellationToken cancellationToken)
    {
        if (store.Snapshot.Revision >= revision) return;
        using var patience = new CancellationTokenSource(FutureRevisionPatience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            while (store.Snapshot.Revision < revision) await Task.Delay(TimeSpan.FromMilliseconds(100), time, both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Errors.RevisionTooLarge(revision, store.Snapshot.Revision);
        }
    }

    private (ImmutableSortedDictionary<ObjectId, StoredObject> Objects, long Revision) Resolve(ServedResource resource, ListQuery query)
    {
        if (query.Continue is { Revision: > 0 } token)
        {
            var page = store.At(resource.Storage, token.Revision) ?? throw Errors.Expired(
                "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.",
                new ContinueToken(-1, token.Start).Encode());
            return (page, token.Revision);
        }

        if (query is { Match: "Exact", ResourceVersion: > 0 and var exact })
        {
            var then = store.At(resource.Storage, exact) ?? throw Errors.Expired("The resourceVersion for the provided list is too old.");
            return (then, exact);
        }

        var snapshot = store.Snapshot;
        return (snapshot.Of(resource.Storage), snapshot.Revision);
    }

    /// <summary>Whether an object lies before the start key "namespace/name\0", in the order of the store.</summary>
    private static bool Before(ObjectId id, string start)
    {
        var slash = start.IndexOf('/');
        var byNamespace = string.CompareOrdinal(id.Namespace, start[..slash]);
        return byNamespace < 0 || (byNamespace == 0 && string.CompareOrdinal(id.Name, start[(slash + 1)..]) < 0);
    }
}
