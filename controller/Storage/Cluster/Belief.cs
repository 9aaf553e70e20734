using System.Collections.Immutable;

namespace Ops.Storage.Cluster;

/// <summary>A view without what is not believed of it.</summary>
public sealed record Belief
{
    /// <summary>
    /// How long a contradiction may be news: the engines tell news in each ping, which a node sends to all others within
    /// half a node timeout, and longer than 10 s no store waits for one.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private Belief(StoreView view, ImmutableArray<Disbelief> unsettled, ImmutableArray<Disbelief> setApart) => (View, Unsettled, SetApart) = (view, unsettled, setApart);

    /// <summary>What is left of the view. A node that is set apart is missing, and counts as silent since it was first doubted.</summary>
    public StoreView View { get; }

    /// <summary>Nodes whose claims are contradicted so lately that it may be news. They stay in the view without these claims.</summary>
    internal ImmutableArray<Disbelief> Unsettled { get; }

    /// <summary>Nodes that nothing is believed of and nothing is done with.</summary>
    internal ImmutableArray<Disbelief> SetApart { get; }

    /// <summary>Judges a view.</summary>
    /// <param name="view">What the nodes said.</param>
    /// <param name="formed">Whether the store has been formed; before that nothing is done with a node that is strange in any way.</param>
    /// <param name="remembered">The last known node ids of the members.</param>
    public static Belief Of(StoreView view, bool formed, IEnumerable<string> remembered)
    {
        ArgumentNullException.ThrowIfNull(view);
        var found = formed ? Testimony.Of(view, remembered) : [];
        if (found.IsEmpty)
            return new Belief(view, [], []);
        var unsettled = found.Where(one => one.MaySettle && Since(view, one) < Patience).ToImmutableArray();
        var apart = found.RemoveRange(unsettled);
        return new Belief(
            view with
            {
                Nodes = view.Nodes
                    .RemoveRange(apart.Select(one => one.Node.Member))
                    .SetItems(unsettled.Select(one => KeyValuePair.Create(one.Node.Member, one.Node with { Slots = one.Node.Slots.Except(one.Denied) }))),
                Silent = view.Silent.SetItems(apart.Select(one => KeyValuePair.Create(one.Node.Member, Since(view, one)))),
            },
            unsettled,
            apart);
    }

    private static TimeSpan Since(StoreView view, Disbelief one) => view.Doubted.GetValueOrDefault(one.Node.Member);
}
