using System.Collections.Immutable;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Ops.Dashboard.Ask;
using Ops.Dashboard.Layout;
using Ops.Dashboard.WhatIf;

namespace Ops.Dashboard.Pages;

/// <summary>
/// A question in words, its answer, and every query behind it. The question stands in the address once it is asked; an address alone
/// asks nothing, since it would spend somebody's budget.
/// </summary>
public sealed partial class AskPage : LivePage
{
    private const string Asking = "question";

    private CancellationTokenSource? asking;
    private ImmutableArray<AskedQuery> queries = [];
    private Asked? outcome;
    private string question = "";
    private string askedQuestion = "";
    private bool isAsking;

    [Inject]
    internal DashboardOptions Options { get; set; } = null!;

    [Inject]
    internal AskDesk Desk { get; set; } = null!;

    [Inject]
    internal WhatIfDesk Simulator { get; set; } = null!;

    [Inject]
    internal AuthenticationStateProvider Identity { get; set; } = null!;

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        base.OnInitialized();
        question = State.Get(Asking) is { Length: <= AskDesk.MostQuestion } given ? given : "";
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        Cancel();
        base.Dispose(disposing);
    }

    private async Task AskAsync()
    {
        if (isAsking || string.IsNullOrWhiteSpace(question))
            return;
        (isAsking, outcome, queries, askedQuestion) = (true, null, [], question.Trim());
        State.Set((Asking, askedQuestion));
        var user = (await Identity.GetAuthenticationStateAsync()).User.Identity?.Name ?? "";
        using var own = new CancellationTokenSource();
        asking = own;
        try
        {
            outcome = await Desk.AskAsync(user, askedQuestion, new(Cluster, Metrics, Simulator, State.Now), Show, own.Token);
            queries = outcome.Queries;
        }
        catch (OperationCanceledException)
        {
            outcome = new(null, "You cancelled the question.", queries, 0);
        }
        finally
        {
            (asking, isAsking) = (null, false);
        }
    }

    private void Cancel() => asking?.Cancel();

    private void Show(ImmutableArray<AskedQuery> soFar) => _ = InvokeAsync(() =>
    {
        queries = soFar;
        StateHasChanged();
    });
}
