using System.Text.Json.Nodes;
using Ops.Sandbox.Objects.Cel;

namespace Ops.Sandbox.Objects;

/// <summary>Checks the CEL rules of a sound schema against that schema.</summary>
internal static class CrdRuleValidation
{
    public static void Validate(StructuralSchema schema, string path, List<FieldCause> causes)
    {
        if (!schema.HasRulesBelow)
            return;
        for (var i = 0; i < schema.Rules.Count; i++)
        {
            var at = $"{path}.x-kubernetes-validations[{i}]";
            Check(schema.Rules[i].Program, schema, "bool", at + ".rule", causes);
            if (schema.Rules[i].MessageProgram is { } message)
                Check(message, schema, "string", at + ".messageExpression", causes);
        }

        foreach (var (name, member) in schema.Properties)
            Validate(member, $"{path}.properties[{name}]", causes);
        if (schema.Items is { } items)
            Validate(items, path + ".items", causes);
        if (schema.AdditionalProperties is { } additional)
            Validate(additional, path + ".additionalProperties", causes);
    }

    private static void Check(CelProgram program, StructuralSchema schema, string wanted, string path, List<FieldCause> causes)
    {
        try
        {
            CelFieldCheck.Check(program, schema, wanted);
        }
        catch (CelException e)
        {
            causes.Add(FieldCauses.Invalid(path, JsonValue.Create(program.Expression), "compilation failed: " + e.Message));
        }
    }
}
