using System.Text.Json.Nodes;
using Ops.Healing.Catalogue;
using Ops.Healing.Memory;
using Ops.Llm;

namespace Ops.Healing.Planning.Llm;

/// <summary>The only ways in which a model can answer, made from the action catalogue and the objects that it may speak of.</summary>
public static class Toolbox
{
    /// <summary>Names where the fault lies.</summary>
    public const string Locate = "locate";

    /// <summary>Says that no action of the catalogue helps.</summary>
    public const string NoAction = "no_action";

    /// <summary>Argument that holds "Kind/name".</summary>
    public const string Object = "object";

    /// <summary>Argument of <see cref="Locate"/> that holds the cause.</summary>
    public const string Cause = "cause";

    /// <summary>The tool of the first phase.</summary>
    /// <param name="objects">"Kind/name" of all that it may name.</param>
    /// <param name="causes">Causes that it may name.</param>
    public static IReadOnlyList<ChatToolSchema> ForLocating(IReadOnlyList<string> objects, IReadOnlyList<string> causes) =>
        [new(Locate, "Name the object at fault and what is wrong with it.", Schema(new() { [Object] = OneOf(objects), [Cause] = OneOf(causes) }))];

    /// <summary>The tools of the second phase: one a type that may act on one of the objects, and one to do nothing.</summary>
    /// <param name="objects">"Kind/name" of all that may be changed.</param>
    /// <param name="allowed">Whether the policy allows a type.</param>
    /// <param name="memory">The last good states; which of them is restored is not the model's choice.</param>
    public static IReadOnlyList<ChatToolSchema> ForRepair(IReadOnlyList<string> objects, Func<HealingAction, bool> allowed, Baseline memory)
    {
        var tools = new List<ChatToolSchema>();
        foreach (var type in ActionCatalogue.All.Where(allowed))
        {
            var targets = objects.Where(key => type.Kinds.Contains(key[..key.IndexOf('/', StringComparison.Ordinal)]) && (!Restores(type) || memory.States.ContainsKey(key))).ToList();
            if (targets.Count == 0)
                continue;
            tools.Add(For(type, targets, type.Parameters.Where(name => name != HealingAction.StateParameter)));
        }

        tools.Add(new(NoAction, "Say that none of the other tools repairs the fault.", Schema([])));
        return tools;
    }

    /// <summary>Whether a type takes its content from the memory.</summary>
    internal static bool Restores(HealingAction type) => type.Parameters.Contains(HealingAction.StateParameter);

    /// <summary>The tool of one type.</summary>
    internal static ChatToolSchema For(HealingAction type, IReadOnlyList<string> targets, IEnumerable<string> parameters) =>
        new(type.Type, type.Summary, Schema(new([KeyValuePair.Create(Object, (JsonNode?)OneOf(targets)), .. parameters.Select(name => KeyValuePair.Create(name, (JsonNode?)Text()))])));

    /// <summary>The schema of a short text.</summary>
    internal static JsonObject Text() => new() { ["type"] = "string", ["maxLength"] = AnswerReader.MaxArgument };

    internal static JsonObject OneOf(IReadOnlyList<string> values) => new() { ["type"] = "string", ["enum"] = new JsonArray([.. values.Select(value => (JsonNode)value)]) };

    internal static JsonObject Schema(JsonObject properties) => new()
    {
        ["type"] = "object",
        ["properties"] = properties,
        ["required"] = new JsonArray([.. properties.Select(pair => (JsonNode)pair.Key)]),
        ["additionalProperties"] = false,
    };
}
