using System.Collections.Immutable;
using System.Globalization;
using Microsoft.AspNetCore.Components;
using Ops.Api;
using Ops.Dashboard.Health;
using Ops.Dashboard.Layout;
using Ops.Dashboard.WhatIf;
using Ops.Learning;
using Ops.WhatIf;

namespace Ops.Dashboard.Pages;

/// <summary>What a route would do under another load, with other replicas, or if energy counted; the next question ends the one before.</summary>
public sealed partial class WhatIfPanel : LivePage
{
    // While a slider moves, only where it stops is asked.
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(200);

    private ImmutableArray<ModelPool> pools = [];
    private WhatIfChoice choice = new(1, ImmutableSortedDictionary<string, int>.Empty, null);
    private CancellationTokenSource? asking;
    private string? asked;
    private Answer? answer;
    private string? problem;
    private string assumption = "";
    private bool busy;

    /// <summary>The route.</summary>
    [Parameter, EditorRequired]
    public ModelRoute Route { get; set; } = new();

    [Inject]
    internal WhatIfDesk Desk { get; set; } = null!;

    [Inject]
    internal TimeProvider Time { get; set; } = null!;

    private int LoadIndex => Nearest(WhatIfChoice.Loads.Select(load => Math.Abs(load - choice.LoadFactor)));

    private string LoadText => choice.LoadFactor == 1 ? "as now" : $"× {Format.Number(choice.LoadFactor)}";

    private int WeightIndex => choice.EnergyWeight is { } weight ? 1 + Nearest(WhatIfChoice.Weights.Skip(1).Select(one => Math.Abs(one!.Value - weight))) : 0;

    private string WeightText => choice.EnergyWeight is { } weight ? (weight == 0 ? "does not count" : $"{weight.ToString("0.#####", CultureInfo.InvariantCulture)} by J") : "the route's";

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        asking?.Cancel();
        asking?.Dispose();
        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    protected override void Compute()
    {
        pools = RouteQuestion.PoolsOf(Route, Cluster);
        choice = WhatIfChoice.Read(State.Get);
        // The load moves with every reading and is taken when something else changes; a new one with each is no new question.
        var question = $"{Route.Metadata.Uid} {Route.Metadata.Generation} {choice.LoadFactor} {WhatIfChoice.Write(choice.Replicas)} {choice.EnergyWeight} {string.Join(' ', pools.Select(PoolSize.Observed))}";
        if (question == asked)
            return;
        asked = question;
        asking?.Cancel();
        asking?.Dispose();
        asking = new();
        problem = null;
        if (choice.IsAsked)
            _ = AskAsync(asking.Token);
        else
            (answer, busy) = (null, false);
    }

    private async Task AskAsync(CancellationToken cancellation)
    {
        busy = true;
        try
        {
            await Task.Delay(Settle, Time, cancellation);
            (var question, assumption) = RouteQuestion.Of(Route, pools, choice, Metrics, State.From, State.Now);
            answer = await Desk.AskAsync(question, cancellation);
            problem = null;
        }
        catch (InvalidFleetException invalid)
        {
            problem = invalid.Message;
        }
        catch (OperationCanceledException)
        {
            return;
        }

        busy = false;
        await InvokeAsync(StateHasChanged);
    }

    private void MoveLoad(ChangeEventArgs e) =>
        State.Set(("load", WhatIfChoice.Loads[Index(e, WhatIfChoice.Loads.Length)] is var load and not 1 ? load.ToString(CultureInfo.InvariantCulture) : null));

    private void MoveWeight(ChangeEventArgs e) =>
        State.Set(("joule", WhatIfChoice.Weights[Index(e, WhatIfChoice.Weights.Length)]?.ToString("0.#####", CultureInfo.InvariantCulture)));

    private void MoveReplicas(ModelPool pool, ChangeEventArgs e)
    {
        var (name, count) = (pool.Metadata.Name, Index(e, MostOf(pool) + 1));
        State.Set(("size", WhatIfChoice.Write(count == Ready(pool) ? choice.Replicas.Remove(name) : choice.Replicas.SetItem(name, count))));
    }

    private int ReplicasOf(ModelPool pool) => choice.Replicas.TryGetValue(pool.Metadata.Name, out var replicas) ? replicas : Ready(pool);

    private string SizeText(ModelPool pool) => ReplicasOf(pool) is var count && count == Ready(pool) ? $"{count}, as now"
        : $"{count}, {Format.Signed((count - Ready(pool)) * pool.Spec.Gpu.EffectiveCount)} {(Math.Abs(count - Ready(pool)) * pool.Spec.Gpu.EffectiveCount == 1 ? "GPU" : "GPUs")}";

    private static int MostOf(ModelPool pool) => Math.Min(Math.Max(4, 2 * Ready(pool)), Ops.WhatIf.Question.MostReplicas);

    private static int Ready(ModelPool pool) => PoolSize.Observed(pool).Replicas;

    private static int Index(ChangeEventArgs e, int count) =>
        int.TryParse($"{e.Value}", NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? Math.Clamp(index, 0, count - 1) : 0;

    private static int Nearest(IEnumerable<double> distances) => distances.Select((distance, index) => (distance, index)).Min().index;
}
