using System.Globalization;
using System.Text.Json.Nodes;
using k8s.Models;
using Ops.Api;
using Ops.Healing.Cluster;
using Ops.Healing.Memory;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>
/// Makes a Deployment that a person asks for, with one container under the restricted pod security level and without an
/// account's token. The right to do so is bound apart (manifests/samples/healing-tasks.yaml).
/// </summary>
internal sealed class CreateDeployment : HealingAction
{
    internal const string ImageParameter = "image";
    internal const string ArgumentsParameter = "args";
    internal const string ReplicasParameter = "replicas";

    private const string NameLabel = "app.kubernetes.io/name";
    private const int MaxReplicas = 10;
    private const int AnyUser = 65532;

    public override string Summary => "Make a Deployment of one container, which finds its address in POD_IP.";

    public override IReadOnlyList<string> Kinds => [V1Deployment.KubeKind];

    public override IReadOnlyList<string> Parameters => [ImageParameter, ArgumentsParameter, ReplicasParameter];

    public override ActionEffect Effect => ActionEffect.Create;

    public override bool IsForPeople => true;

    public override bool AlwaysAsks => true;

    public override bool MustBeListed => true;

    public override string? Problem(RemediationAction action, NamespaceSnapshot snapshot, Baseline memory) =>
        !TemplateTask.IsImage(action.Parameters![ImageParameter]) ? "parameters.image is not the name of an image"
        : Replicas(action) is < 1 or > MaxReplicas ? string.Create(CultureInfo.InvariantCulture, $"parameters.replicas must be a number of 1 to {MaxReplicas}")
        // A label's value has to hold the name.
        : action.Target.Name.Length > 63 ? "target.name must have at most 63 characters" : null;

    public override void Apply(JsonObject obj, RemediationAction action, Baseline memory)
    {
        var kind = KnownKinds.Of(V1Deployment.KubeKind);
        (obj["apiVersion"], obj["kind"]) = (kind.ApiVersion, kind.Kind);
        obj["metadata"] = new JsonObject { ["name"] = action.Target.Name, ["labels"] = Labels(action) };
        obj["spec"] = new JsonObject
        {
            ["replicas"] = Replicas(action),
            ["selector"] = new JsonObject { ["matchLabels"] = Labels(action) },
            ["template"] = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = Labels(action) }, ["spec"] = Pod(action) },
        };
    }

    private static JsonObject Pod(RemediationAction action) => new()
    {
        ["automountServiceAccountToken"] = false,
        ["securityContext"] = new JsonObject { ["runAsNonRoot"] = true, ["runAsUser"] = AnyUser, ["seccompProfile"] = new JsonObject { ["type"] = "RuntimeDefault" } },
        ["containers"] = new JsonArray(new JsonObject
        {
            ["name"] = "main",
            ["image"] = action.Parameters![ImageParameter],
            ["args"] = new JsonArray([.. action.Parameters[ArgumentsParameter].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(one => (JsonNode)one)]),
            ["env"] = new JsonArray(new JsonObject { ["name"] = "POD_IP", ["valueFrom"] = new JsonObject { ["fieldRef"] = new JsonObject { ["fieldPath"] = "status.podIP" } } }),
            ["securityContext"] = new JsonObject { ["allowPrivilegeEscalation"] = false, ["capabilities"] = new JsonObject { ["drop"] = new JsonArray("ALL") } },
        }),
    };

    private static JsonObject Labels(RemediationAction action) => new() { [NameLabel] = action.Target.Name };

    private static int Replicas(RemediationAction action) =>
        int.TryParse(action.Parameters![ReplicasParameter], NumberStyles.None, CultureInfo.InvariantCulture, out var replicas) ? replicas : 0;
}
