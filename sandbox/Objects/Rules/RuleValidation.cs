using System.Text.Json.Nodes;
using Ops.Sandbox.Objects.Cel;

namespace Ops.Sandbox.Objects;

/// <summary>Runs the CEL rules of a schema over an object, and transition rules over what correlates with the stored one.</summary>
internal static class RuleValidation
{
    private const string Unchecked =
        "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";

    public static void Validate(JsonObject obj, JsonObject? old, StructuralSchema schema, List<FieldCause> causes)
    {
        if (!schema.HasRulesBelow)
            return;
        // Rules may assume what the schema promises; where it does not hold they would fail for the wrong reason.
        if (causes.Any(c => c.Reason is "FieldValueRequired" or "FieldValueTypeInvalid" or "FieldValueTooLong" or "FieldValueTooMany" or "FieldValueNotSupported"))
        {
            causes.Add(FieldCauses.Invalid("<nil>", "null", Unchecked));
            return;
        }

        var run = new Run(causes, new CelBudget(CelBudget.PerObject));
        run.Node(obj, old, old is not null, schema, "");
    }

    private sealed class Run(List<FieldCause> causes, CelBudget budget)
    {
        private bool _isSpent;

        /// <param name="node">The value.</param>
        /// <param name="old">The stored value at the same place.</param>
        /// <param name="hasOld">True where the place can be told again in the stored object and was there.</param>
        /// <param name="schema">Schema of the value.</param>
        /// <param name="path">Path of the value.</param>
        public void Node(JsonNode? node, JsonNode? old, bool hasOld, StructuralSchema schema, string path)
        {
            if (node is null || !schema.HasRulesBelow || _isSpent)
                return;
            foreach (var rule in schema.Rules)
                Check(rule, node, old, hasOld, schema, path);
            switch (node)
            {
                case JsonObject obj:
                    var before = old as JsonObject;
                    foreach (var (name, value) in obj)
                        if (schema.Member(name) is { } member)
                            Node(value, before?[name], before?[name] is not null && !schema.AtomicMap, member, SchemaValidation.Join(path, name));
                    break;
                case JsonArray array when schema.Items is { } items:
                    Elements(array, old as JsonArray, schema, items, path);
                    break;
            }
        }

        private void Elements(JsonArray array, JsonArray? old, StructuralSchema schema, StructuralSchema items, string path)
        {
            // Only elements of list-maps can be told again; for other lists transition rules do not run.
            var before = schema.ListType == ListType.Map && old is not null
                ? ByKey(old, schema)
                : null;
            for (var i = 0; i < array.Count; i++)
            {
                JsonNode? match = null;
                if (before is not null && ListMapKey.Text(array[i] as JsonObject, schema) is { } key)
                    before.TryGetValue(key, out match);
                Node(array[i], match, match is not null, items, $"{path}[{i}]");
            }
        }

        private static Dictionary<string, JsonNode?> ByKey(JsonArray list, StructuralSchema schema)
        {
            var elements = new Dictionary<string, JsonNode?>(list.Count, StringComparer.Ordinal);
            foreach (var element in list)
                if (ListMapKey.Text(element as JsonObject, schema) is { } key)
                    elements.TryAdd(key, element);
            return elements;
        }

        private void Check(ValidationRule rule, JsonNode node, JsonNode? old, bool hasOld, StructuralSchema schema, string path)
        {
            if (_isSpent || (rule.IsTransitionRule && !hasOld && !rule.OptionalOldSelf))
                return;
            var scope = new CelScope(new CelBudget(Math.Min(CelBudget.PerRule, budget.Remaining)), budget).With("self", CelValue.Of(node, schema));
            if (rule.IsTransitionRule)
                scope = scope.With("oldSelf", rule.OptionalOldSelf
                    ? hasOld ? new CelOptional(CelValue.Of(old, schema), true) : CelOptional.None
                    : CelValue.Of(old, schema));
            switch (rule.Program.Evaluate(scope))
            {
                case true:
                    return;
                case false:
                    causes.Add(Failure(rule, scope, node, path));
                    return;
                case CelError when budget.Remaining <= 0:
                    _isSpent = true;
                    causes.Add(FieldCauses.Invalid(path, FieldCauses.Text(node), "validation failed due to running out of cost budget, no further validation rules will be run"));
                    return;
                case CelError error when ReferenceEquals(error, CelError.OutOfBudget):
                    causes.Add(FieldCauses.Invalid(path, TypeWord(node), $"'{rule.Rule}': call cost exceeds limit for rule: {rule.Rule}"));
                    return;
                case CelError error:
                    causes.Add(FieldCauses.Invalid(path, TypeWord(node), $"{error.Message} evaluating rule: {rule.Message ?? rule.Rule}"));
                    return;
                default:
                    causes.Add(FieldCauses.Invalid(path, TypeWord(node), $"unexpected return value evaluating rule: {rule.Rule}"));
                    return;
            }
        }

        private static FieldCause Failure(ValidationRule rule, CelScope scope, JsonNode node, string path)
        {
            // A message expression that fails, or yields nothing, falls back to the message.
            var text = rule.MessageProgram?.Evaluate(scope) is string computed && computed.Trim().Length > 0
                ? computed
                : rule.Message ?? "failed rule: " + rule.Rule.Trim();
            var field = rule.FieldPath is { } relative ? SchemaFieldPath.Append(path, relative) : path;
            return rule.Reason switch
            {
                "FieldValueForbidden" => FieldCauses.Forbidden(field, text),
                "FieldValueRequired" => FieldCauses.Required(field, text),
                "FieldValueDuplicate" => new FieldCause(rule.Reason, "Duplicate value: " + FieldCauses.Text(node), field),
                _ => new FieldCause("FieldValueInvalid", "Invalid value: " + text, field),
            };
        }

        private static string TypeWord(JsonNode node) => $"\"{SchemaValidation.TypeOf(node)}\"";
    }
}

/// <summary>fieldPath of a CEL rule: <c>.a.b</c> or <c>['a.b']</c>.</summary>
internal static class SchemaFieldPath
{
    public static string Append(string path, string relative)
    {
        var trimmed = relative.TrimStart('.');
        return path.Length == 0 ? trimmed : relative.StartsWith('[') ? path + relative : path + "." + trimmed;
    }
}
