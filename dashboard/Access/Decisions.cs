using System.Net;
using System.Text.Json.Nodes;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Ops.Api;
using Ops.Dashboard.Cluster;
using Ops.Kube;

namespace Ops.Dashboard.Access;

/// <summary>Approvals, rejections and pauses, written with the user's own token; the API server decides whether they may be.</summary>
internal static class Decisions
{
    private const string NoAnswer = "The API server does not answer; nothing is known to have been written.";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // A person's list has room for 64; old ones make way, since each counts once.
    private const int MostKept = 32;

    /// <summary>Asks what may be offered; null when the API server does not answer.</summary>
    public static async Task<DecisionRights?> RightsAsync(ClusterView view, string ns, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        Task<bool> MayAsync(string resource, string? name, string verb = "patch") => UserAccess.MayAsync(
            view.Client, new() { Group = ApiGroup.Name, Resource = resource, Verb = verb, NamespaceProperty = ns, Name = name }, limit.Token);
        try
        {
            var approvers = new List<string>();
            foreach (var approver in view.Current.Approvers.Where(approver => approver.Metadata.NamespaceProperty == ns && !approver.Spec.Suspend))
                if (await MayAsync(Approver.PluralName, approver.Metadata.Name))
                    approvers.Add(approver.Metadata.Name);
            return new(approvers, await MayAsync(Remediation.PluralName, null), await MayAsync(HealingPolicy.PluralName, null), await MayAsync(Remediation.PluralName, null, "create"));
        }
        catch (Exception e) when (e is HttpOperationException or HttpRequestException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    /// <summary>Writes a decision about exactly the plan that was shown.</summary>
    /// <returns>Why it was not written, one sentence; null when it was.</returns>
    public static Task<string?> DecideAsync(ClusterView view, Remediation shown, string hash, string approver, string decision, CancellationToken cancellation)
    {
        var ns = shown.Metadata.NamespaceProperty;
        if (view.Current.Approvers.FirstOrDefault(one => one.Metadata.Name == approver && one.Metadata.NamespaceProperty == ns) is not { } known)
            return Task.FromResult<string?>($"The Approver {approver} is gone.");
        if (view.Current.Remediations.FirstOrDefault(one => one.Metadata.Uid == shown.Metadata.Uid)?.Status?.PlanHash != hash)
            return Task.FromResult<string?>("The plan is no longer the one that was shown; nothing was decided. Look at it again.");
        var kept = (known.Spec.Decisions ?? []).Where(one => one.Remediation != shown.Metadata.Name).TakeLast(MostKept);
        var decisions = kept.Append(new() { Remediation = shown.Metadata.Name, PlanHash = hash, Decision = decision });
        // The list is replaced whole, so the version that it was made from is the precondition.
        return PatchAsync(view, Approver.PluralName, known.Metadata, new JsonObject
        {
            ["decisions"] = new JsonArray([.. decisions.Select(one => (JsonNode)new JsonObject
            {
                ["remediation"] = one.Remediation, ["planHash"] = one.PlanHash, ["decision"] = one.Decision,
            })]),
        }, known.Metadata.ResourceVersion, cancellation);
    }

    /// <summary>Stops a plan or a policy before its next step, or lets it go on.</summary>
    /// <returns>Why it was not written, one sentence; null when it was.</returns>
    public static Task<string?> SuspendAsync(ClusterView view, string plural, V1ObjectMeta target, bool suspend, CancellationToken cancellation) =>
        PatchAsync(view, plural, target, new JsonObject { ["suspend"] = suspend }, null, cancellation);

    /// <summary>Makes a Remediation.</summary>
    /// <returns>What was made; or why nothing was, one sentence.</returns>
    public static async Task<(Remediation? Made, string? Problem)> MakeAsync(ClusterView view, Remediation plan, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            return (await view.Client.CreateAsync(plan, limit.Token), null);
        }
        catch (KubeApiException e)
        {
            return (null, e.StatusCode == HttpStatusCode.Conflict ? "Somebody asked for it a moment ago." : e.Message);
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return (null, NoAnswer);
        }
    }

    private static async Task<string?> PatchAsync(ClusterView view, string plural, V1ObjectMeta target, JsonObject spec, string? version, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        var body = new JsonObject { ["spec"] = spec };
        if (version is not null)
            body["metadata"] = new JsonObject { ["resourceVersion"] = version };
        try
        {
            await view.Client.Kubernetes.CustomObjects.PatchNamespacedCustomObjectAsync(
                new V1Patch(body.ToJsonString(), V1Patch.PatchType.MergePatch), ApiGroup.Name, ApiGroup.Version, target.NamespaceProperty, plural, target.Name, cancellationToken: limit.Token);
            return null;
        }
        catch (HttpOperationException e)
        {
            return Sentence(e);
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return NoAnswer;
        }
    }

    private static string Sentence(HttpOperationException e)
    {
        try
        {
            return KubernetesJson.Deserialize<V1Status>(e.Response.Content).Message ?? e.Message;
        }
        catch (System.Text.Json.JsonException)
        {
            return e.Message;
        }
    }
}
