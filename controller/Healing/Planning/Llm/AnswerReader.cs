using System.Text.Json;
using System.Text.Json.Nodes;
using Ops.Api;
using Ops.Healing.Catalogue;
using Ops.Healing.Content;
using Ops.Healing.Memory;
using Ops.Llm;

namespace Ops.Healing.Planning.Llm;

/// <summary>What an answer means: a place, a plan, or why it is neither. Nothing of an answer is taken that was not offered.</summary>
public static class AnswerReader
{
    /// <summary>Most characters of an argument.</summary>
    public const int MaxArgument = 253;

    // A call with more than this is no answer to what was asked.
    private const int MaxArguments = 4096;

    /// <summary>The place that the first phase names.</summary>
    /// <param name="reply">The answer.</param>
    /// <param name="objects">"Kind/name" of all that it may name.</param>
    /// <param name="causes">Causes that it may name.</param>
    /// <param name="problem">Why the answer names none, or "".</param>
    public static (string Object, string Cause)? Place(ChatReply reply, IReadOnlyList<string> objects, IReadOnlyList<string> causes, out string problem)
    {
        problem = "";
        if (reply.Calls is not [{ Name: Toolbox.Locate } call])
            problem = reply.Calls.Count == 0 ? "it called no tool" : $"it was to call {Toolbox.Locate} once and called {Names(reply)}";
        else if (Arguments(call, [Toolbox.Object, Toolbox.Cause], out problem) is { } arguments)
        {
            var (place, cause) = (arguments[Toolbox.Object], arguments[Toolbox.Cause]);
            if (objects.Contains(place) && causes.Contains(cause))
                return (place, cause);
            problem = $"it named {Quote(place)} with cause {Quote(cause)}, which was not offered";
        }

        return null;
    }

    /// <summary>The plan of the second phase; empty where it says that nothing helps.</summary>
    /// <param name="reply">The answer.</param>
    /// <param name="tools">What was offered.</param>
    /// <param name="memory">The last good states.</param>
    /// <param name="problem">Why the answer is no plan, or "".</param>
    public static IReadOnlyList<RemediationAction>? Plan(ChatReply reply, IReadOnlyList<ChatToolSchema> tools, Baseline memory, out string problem)
    {
        problem = reply.Calls.Count switch
        {
            0 => "it called no tool",
            > RemediationSpec.MaxActions => $"it called {reply.Calls.Count} tools; {RemediationSpec.MaxActions} are the most",
            _ => "",
        };
        if (problem.Length > 0)
            return null;
        if (reply.Calls is [{ Name: Toolbox.NoAction }])
            return [];
        var actions = new List<RemediationAction>();
        foreach (var call in reply.Calls)
        {
            if (tools.FirstOrDefault(tool => tool.Name == call.Name) is not { } tool)
                problem = $"it called {Quote(call.Name)}, which was not offered";
            else if (call.Name == Toolbox.NoAction)
                problem = "it contradicts itself: actions, and that none helps";
            else if (Action(call, tool, memory, out problem) is { } action)
                actions.Add(action);
            if (problem.Length > 0)
                return null;
        }

        if (actions.GroupBy(action => action.Target).FirstOrDefault(group => group.Count() > 1) is { } twice)
            problem = $"it contradicts itself: {string.Join(" and ", twice.Select(action => action.Type))} of {twice.Key.Kind}/{twice.Key.Name}";
        return problem.Length > 0 ? null : actions;
    }

    private static RemediationAction? Action(ChatToolCall call, ChatToolSchema tool, Baseline memory, out string problem)
    {
        var properties = tool.Parameters["properties"]!.AsObject();
        if (Arguments(call, [.. properties.Select(pair => pair.Key)], out problem) is not { } arguments)
            return null;
        var place = arguments[Toolbox.Object];
        if (!properties[Toolbox.Object]!["enum"]!.AsArray().Any(value => (string?)value == place))
        {
            problem = $"it aimed {call.Name} at {Quote(place)}, which was not offered";
            return null;
        }

        arguments.Remove(Toolbox.Object);
        if (ActionCatalogue.Find(call.Name) is { } type && Toolbox.Restores(type))
            arguments[HealingAction.StateParameter] = memory.States[place].Digest;
        var slash = place.IndexOf('/', StringComparison.Ordinal);
        return new()
        {
            Type = call.Name,
            Target = new() { Kind = place[..slash], Name = place[(slash + 1)..] },
            Parameters = arguments.Count == 0 ? null : arguments,
        };
    }

    // Exactly these arguments, each a short text.
    internal static Dictionary<string, string>? Arguments(ChatToolCall call, IReadOnlyList<string> names, out string problem)
    {
        problem = $"the arguments of {Quote(call.Name)} are not the ones that it takes: {string.Join(", ", names)}";
        if (call.Arguments.Length > MaxArguments)
            return null;
        try
        {
            if (JsonNode.Parse(call.Arguments) is not JsonObject obj || !obj.Select(pair => pair.Key).Order(StringComparer.Ordinal).SequenceEqual(names.Order(StringComparer.Ordinal)))
                return null;
            var result = new Dictionary<string, string>();
            foreach (var (name, value) in obj)
            {
                // A number where a text was asked for means the same.
                var text = value is JsonValue scalar && scalar.GetValueKind() is JsonValueKind.String or JsonValueKind.Number ? value!.ToString() : null;
                if (text is null || text.Length > MaxArgument)
                    return null;
                result[name] = text;
            }

            problem = "";
            return result;
        }
        catch (Exception unreadable) when (unreadable is JsonException or ArgumentException or InvalidOperationException)
        {
            // Not JSON, or an object that has a member twice.
            return null;
        }
    }

    private static string Names(ChatReply reply) => string.Join(", ", reply.Calls.Take(4).Select(call => Quote(call.Name)));

    private static string Quote(string text) => $"\"{TaintedText.Clean(text, 80)}\"";
}
