using System.Text.Json.Nodes;
using Ops.Api;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>Gives a container another image: a new version, or an older one back.</summary>
internal sealed class SetImage : TemplateTask
{
    internal const string ImageParameter = "image";

    public override string Summary => "Give a container of a workload another image.";

    public override IReadOnlyList<string> Parameters => [ContainerParameter, ImageParameter];

    public override IReadOnlyList<string> Fields => ["/spec/template/spec/containers"];

    protected override string? ProblemOf(RemediationAction action) => IsImage(action.Parameters![ImageParameter]) ? null : "parameters.image is not the name of an image";

    protected override void Change(JsonObject container, RemediationAction action) => container["image"] = action.Parameters![ImageParameter];
}
