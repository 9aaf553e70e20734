using System.Collections.Immutable;

namespace Ops.Picking;

/// <summary>A pool as a choice of a route, with its ready replicas.</summary>
public sealed record VariantState
{
    /// <summary>The pool's name.</summary>
    public required string Pool { get; init; }

    /// <summary>Expected answer quality 0..1 by task index of <see cref="RouteSnapshot.Tasks"/>; index 0 is the default task.</summary>
    public required ImmutableArray<double> Quality { get; init; }

    /// <summary>Time and energy by batch; null where the model on this GPU shape was never measured.</summary>
    public ServingCurve? Curve { get; init; }

    /// <summary>Requests that a replica works on at once at most, where its engine's arguments say so; null where they do not.</summary>
    public int? MaxSequences { get; init; }

    /// <summary>Ready replicas; may be empty.</summary>
    public required ImmutableArray<ReplicaState> Replicas
    {
        get;
        init
        {
            field = value;
            Rows = [.. value.Select(replica => new ReplicaRow(replica))];
            Identities = [.. value.Select(replica => SessionAffinityScorer.Fold(replica.Identity))];
        }
    }

    /// <summary>The same replicas as the choice reads them.</summary>
    internal ImmutableArray<ReplicaRow> Rows { get; private init; } = [];

    /// <summary>Of each replica what sessions find their home by.</summary>
    internal ImmutableArray<uint> Identities { get; private init; } = [];
}
