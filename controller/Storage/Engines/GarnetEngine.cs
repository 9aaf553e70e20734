using System.Collections.Immutable;
using Ops.Storage.Cluster;
using Ops.Storage.Planning;

namespace Ops.Storage.Engines;

/// <summary>
/// Garnet in cluster mode. It speaks the protocol of the others for all that the planner asks of an engine, with what differs
/// mended here. It elects nobody, has no WAIT, and does not tell which slots are used.
/// </summary>
/// <remarks>Tried with 2.2.8. Its slow log takes no threshold of 0, so the commands cannot be sampled.</remarks>
public sealed class GarnetEngine(TimeProvider time) : IStoreEngine
{
    private readonly RedisEngine _protocol = new(time);
    private ImmutableDictionary<string, long> _offsets = ImmutableDictionary<string, long>.Empty;

    /// <inheritdoc/>
    public async Task<StoreView> ObserveAsync(ImmutableSortedDictionary<string, StoreAddress> members, TimeSpan answerWithin, CancellationToken cancellation)
    {
        var view = await _protocol.ObserveAsync(members, answerWithin, cancellation);
        var before = _offsets;
        // Two members may claim one id; either will do.
        _offsets = view.Nodes.Values.Where(node => node.IsPrimary).DistinctBy(node => node.Id).ToImmutableDictionary(node => node.Id, node => node.Offset);
        return Following(view, before);
    }

    /// <inheritdoc/>
    public Task ExecuteAsync(StoreStep step, StoreView view, CancellationToken cancellation) =>
        step is StoreStep.Promote promote ? _protocol.PromoteAsync(promote, view, cancellation) : _protocol.ExecuteAsync(step, view, cancellation);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _protocol.DisposeAsync();

    /// <summary>
    /// The link of a replica is up, by its own word, as soon as it knows where its primary is, also while it has next to
    /// nothing and also when it has given up. It counts as up once the replica has what its primary had one observation ago.
    /// </summary>
    /// <param name="view">What the nodes said.</param>
    /// <param name="before">Offset of each primary, by node id, in the observation before.</param>
    internal static StoreView Following(StoreView view, IReadOnlyDictionary<string, long> before)
    {
        return view with { Nodes = view.Nodes.ToImmutableSortedDictionary(node => node.Key, node => node.Value with { LinkUp = Follows(node.Value) }) };

        bool Follows(NodeView node) => node is { LinkUp: true, Copying: false, PrimaryId: { } id }
            && view.ById(id) is { } primary
            && node.Offset >= Math.Min(primary.Offset, before.GetValueOrDefault(id, primary.Offset));
    }
}
