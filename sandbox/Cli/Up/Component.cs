using System.Globalization;
using System.Text.Json.Nodes;

namespace Ops.Cli.Up;

/// <summary>Where a component stands.</summary>
/// <param name="Ready">It serves.</param>
/// <param name="Text">What to show: <c>1 of 2 pods ready</c>.</param>
/// <param name="Short">The same where many share a line: <c>1/2</c>.</param>
internal sealed record Standing(bool Ready, string Text, string Short);

/// <summary>One thing that <c>./ops up</c> waits for: a Deployment, a pool or a route.</summary>
/// <param name="Name">Shown to the user.</param>
/// <param name="Namespace">Where it and its pods are.</param>
/// <param name="Path">Path of the object.</param>
/// <param name="PodLabels">Labels of its pods; null when it has none.</param>
internal sealed record Component(string Name, string Namespace, string Path, IReadOnlyDictionary<string, string>? PodLabels)
{
    private const string Group = "ops.autonomic.dev";

    /// <summary>The component behind an applied object; null for objects that need no waiting.</summary>
    public static Component? Of(Kustomize.Manifest manifest)
    {
        var space = manifest.Namespace ?? "default";
        return (manifest.ApiVersion, manifest.Kind) switch
        {
            ("apps/v1", "Deployment") => new Component(
                manifest.Name, space, $"/apis/apps/v1/namespaces/{space}/deployments/{manifest.Name}", Selector(manifest.Body)),
            ($"{Group}/v1alpha1", "ModelPool") => new Component(
                manifest.Name, space, $"/apis/{Group}/v1alpha1/namespaces/{space}/modelpools/{manifest.Name}",
                new Dictionary<string, string> { [$"{Group}/pool"] = manifest.Name }),
            ($"{Group}/v1alpha1", "ModelRoute") => new Component(
                manifest.Name, space, $"/apis/{Group}/v1alpha1/namespaces/{space}/modelroutes/{manifest.Name}", PodLabels: null),
            _ => null,
        };
    }

    /// <summary>
    /// Judges a component from its object and its pods. Only containers that began after <paramref name="since"/> count:
    /// the state of an earlier run still calls its dead pods ready for a moment.
    /// </summary>
    public Standing Judge(JsonObject? body, IEnumerable<JsonObject> pods, DateTimeOffset since)
    {
        if (body is null)
            return new Standing(false, "not created yet", "-");
        var observed = (long?)body["status"]?["observedGeneration"] ?? 0;
        var current = observed >= ((long?)body["metadata"]?["generation"] ?? 0);
        var wanted = PodLabels is null ? 0 : (int?)body["spec"]?["replicas"] ?? 1;
        var ready = PodLabels is null ? 0 : PodsOf(pods).Count(pod => IsReady(pod, since));
        var well = Conditions.IsTrue(body, (string?)body["kind"] == "Deployment" ? "Available" : "Ready");
        var text = PodLabels is null
            ? (well ? "ready" : "not ready")
            : string.Create(CultureInfo.InvariantCulture, $"{Math.Min(ready, wanted)} of {wanted} {(wanted == 1 ? "pod" : "pods")} ready");
        var brief = PodLabels is null ? "-" : string.Create(CultureInfo.InvariantCulture, $"{Math.Min(ready, wanted)}/{wanted}");
        return new Standing(current && well && ready >= wanted, text, brief);
    }

    /// <summary>The pods that belong to this component.</summary>
    public IEnumerable<JsonObject> PodsOf(IEnumerable<JsonObject> pods) => PodLabels is null ? [] : pods.Where(pod =>
        (string?)pod["metadata"]?["namespace"] == Namespace
        && PodLabels.All(label => (string?)pod["metadata"]?["labels"]?[label.Key] == label.Value));

    private static bool IsReady(JsonObject pod, DateTimeOffset since) =>
        pod["metadata"]?["deletionTimestamp"] is null
        && Conditions.IsTrue(pod, "Ready")
        && (pod["status"]?["containerStatuses"] as JsonArray ?? []).OfType<JsonObject>().All(status => StartedAt(status) >= since);

    private static DateTimeOffset? StartedAt(JsonObject status) =>
        DateTimeOffset.TryParse((string?)status["state"]?["running"]?["startedAt"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? at
            : null;

    private static Dictionary<string, string> Selector(JsonObject deployment) =>
        (deployment["spec"]?["selector"]?["matchLabels"] as JsonObject ?? []).ToDictionary(label => label.Key, label => (string?)label.Value ?? "");
}
