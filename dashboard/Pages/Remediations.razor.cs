using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using MudBlazor;
using Ops.Api;
using Ops.Dashboard.Access;
using Ops.Dashboard.Health;
using Ops.Dashboard.Layout;

namespace Ops.Dashboard.Pages;

/// <summary>Plans, what they change, and a person's word about them. What is offered is what the API server says the user may do.</summary>
public sealed partial class Remediations : LivePage
{
    // A screen of rows; the rest is history that kubectl has.
    private const int MostRows = 30;

    // What can be chosen among in the history.
    private static readonly (string Name, Func<string?, bool> Has)[] States =
    [
        ("waiting", phase => phase is null or RemediationPhases.Planning or RemediationPhases.Suggested or RemediationPhases.AwaitingApproval),
        ("running", phase => phase is RemediationPhases.Executing or RemediationPhases.Verifying),
        ("succeeded", phase => phase is RemediationPhases.Succeeded),
        ("failed", phase => phase is RemediationPhases.Relapsed or RemediationPhases.RolledBack or RemediationPhases.Failed),
        ("refused", phase => phase is RemediationPhases.Refused),
    ];

    private readonly KnownRights rights = new();
    private Remediation? chosen;
    private IReadOnlyList<Remediation> shown = [];
    private string? only;
    private bool busy;

    [Inject]
    internal AuthenticationStateProvider Identity { get; set; } = null!;

    [Inject]
    internal NavigationManager Navigation { get; set; } = null!;

    private DecisionRights Rights => rights.In(chosen?.Metadata.NamespaceProperty);

    private List<HealingPolicy> Askable =>
        [.. Cluster.Policies.Where(policy => policy.Spec.Llm is not null && rights.In(policy.Metadata.NamespaceProperty).MayMakePlans)];

    /// <inheritdoc/>
    protected override void Compute()
    {
        var state = States.FirstOrDefault(one => one.Name == State.Get("state"));
        only = state.Name;
        shown = [.. Cluster.Remediations.Where(plan => state.Has?.Invoke(plan.Status?.Phase) != false).Take(MostRows)];
        var wanted = State.Get("plan");
        chosen = Cluster.Remediations.FirstOrDefault(plan => $"{plan.Metadata.NamespaceProperty}/{plan.Metadata.Name}" == wanted)
            ?? shown.FirstOrDefault(plan => plan.Status?.Phase == RemediationPhases.AwaitingApproval)
            ?? (shown is [var newest, ..] ? newest : null);
        _ = AskAsync();
    }

    private async Task AskAsync()
    {
        if (State.View is { } view && await rights.AskAsync(Wanted, ns => Decisions.RightsAsync(view, ns, CancellationToken.None)))
            await InvokeAsync(StateHasChanged);
    }

    private (IReadOnlyList<string> Namespaces, string Version) Wanted() =>
    (
        [.. Cluster.Policies.Select(policy => policy.Metadata.NamespaceProperty).Append(chosen?.Metadata.NamespaceProperty).OfType<string>().Distinct()],
        string.Join(',', Cluster.Approvers.Select(approver => $"{approver.Metadata.Uid}{approver.Spec.Suspend}"))
    );

    private async Task DecideAsync(string approver, string decision)
    {
        if (chosen is not { Status.PlanHash: { } hash } plan || State.View is not { } view)
            return;
        var question = new DialogParameters<ConfirmDecision>
        {
            { dialog => dialog.Plan, plan }, { dialog => dialog.Hash, hash }, { dialog => dialog.Decision, decision }, { dialog => dialog.Approver, approver },
        };
        var dialog = await Dialogs.ShowAsync<ConfirmDecision>(decision == ApproverDecisions.Approve ? "Approve this plan?" : "Reject this plan?", question);
        if (await dialog.Result is not { Canceled: false })
            return;
        await ActAsync(
            () => Decisions.DecideAsync(view, plan, hash, approver, decision, CancellationToken.None),
            decision == ApproverDecisions.Approve ? "Approved. The healer checks the plan again before it runs." : "Rejected.");
    }

    private Task PauseAsync() => chosen is { } plan && State.View is { } view
        ? ActAsync(() => Decisions.SuspendAsync(view, Remediation.PluralName, plan.Metadata, !plan.Spec.Suspend, CancellationToken.None), plan.Spec.Suspend ? "Resumed." : "Paused before its next step.")
        : Task.CompletedTask;

    private Task PauseAsync(HealingPolicy policy) => State.View is { } view
        ? ActAsync(() => Decisions.SuspendAsync(view, HealingPolicy.PluralName, policy.Metadata, !policy.Spec.Suspend, CancellationToken.None), policy.Spec.Suspend ? "Healing resumed." : "Healing stopped.")
        : Task.CompletedTask;

    private async Task UndoAsync()
    {
        if (chosen is not { } plan || State.View is not { } view)
            return;
        var user = (await Identity.GetAuthenticationStateAsync()).User.Identity?.Name ?? "somebody";
        await MakeAsync(() => UndoRequest.MakeAsync(view, plan, user, CancellationToken.None), "Proposed. It runs once it is checked and approved.");
    }

    private Task AskForAsync(Remediation request) => State.View is { } view
        ? MakeAsync(() => Decisions.MakeAsync(view, request, CancellationToken.None), "Asked. What comes of it stands here.")
        : Task.CompletedTask;

    private async Task MakeAsync(Func<Task<(Remediation? Made, string? Problem)>> make, string done)
    {
        Remediation? made = null;
        await ActAsync(
            async () =>
            {
                (made, var problem) = await make();
                return problem;
            },
            done);
        if (made is not null)
            Navigation.NavigateTo(State.Link(SiteMap.Remediation(made)));
    }

    private async Task ActAsync(Func<Task<string?>> act, string done)
    {
        busy = true;
        try
        {
            var problem = await act();
            Messages.Add(problem ?? done, problem is null ? Severity.Success : Severity.Error);
        }
        finally
        {
            busy = false;
        }
    }

    private string Deadline(Remediation plan)
    {
        if (plan.Metadata.CreationTimestamp is not { } made)
            return "";
        var left = Format.Utc(made) + GoDuration.ParseOrDefault(plan.Spec.ApproveWithin, HealingPolicySpec.DefaultApproveWithin) - State.Now;
        return left > TimeSpan.Zero ? $"May be approved for another {Format.Span(left)}." : "The time to approve it is over.";
    }

    private static string IncidentLink(Remediation plan) => $"{SiteMap.Incidents}?incident={Uri.EscapeDataString($"{plan.Metadata.NamespaceProperty}/{plan.Spec.Incident}")}";

    private static Urgency Judge(AuditEntry entry) => entry.Event switch
    {
        "Refused" => Urgency.Warning,
        "Undid" => Urgency.Note,
        "Verified" or "Checked" or "Approved" => Urgency.Fine,
        _ => Urgency.Note,
    };
}
