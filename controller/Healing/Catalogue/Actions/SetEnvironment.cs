using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ops.Api;

namespace Ops.Healing.Catalogue.Actions;

/// <summary>Sets one variable of a container to a text that everybody may read: it stands in the plan. Secrets belong into a Secret.</summary>
internal sealed partial class SetEnvironment : TemplateTask
{
    internal const string NameParameter = "name";
    internal const string ValueParameter = "value";

    public override string Summary => "Set an environment variable of a container of a workload.";

    public override IReadOnlyList<string> Parameters => [ContainerParameter, NameParameter, ValueParameter];

    public override IReadOnlyList<string> Fields => ["/spec/template/spec/containers"];

    protected override string? ProblemOf(RemediationAction action) => Name().IsMatch(action.Parameters![NameParameter]) ? null : "parameters.name is not the name of a variable: letters, digits and _, not a digit first";

    protected override void Change(JsonObject container, RemediationAction action)
    {
        var (name, value) = (action.Parameters![NameParameter], action.Parameters[ValueParameter]);
        if (container["env"] is not JsonArray variables)
            container["env"] = variables = [];
        if (variables.FirstOrDefault(one => (string?)one!["name"] == name) is JsonObject known)
        {
            known.Remove("valueFrom");
            known["value"] = value;
        }
        else
        {
            variables.Add((JsonNode)new JsonObject { ["name"] = name, ["value"] = value });
        }
    }

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]{0,127}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();
}
