using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Ops.Api;
using Ops.Healing.Content;

namespace Ops.Healing.Memory;

/// <summary>The last good states of a namespace, by kind and name. Immutable.</summary>
/// <param name="States">By "Kind/name".</param>
public sealed record Baseline(ImmutableSortedDictionary<string, GoodState> States)
{
    /// <summary>Most characters of all contents together: below the 1 MiB that an object may have in an API server.</summary>
    public const int MaxCharacters = 700_000;

    /// <summary>Finished plans by name that a plan at hand is to take back; read with that plan, never stored here.</summary>
    public IReadOnlyDictionary<string, Remediation> Past { get; init; } = ImmutableDictionary<string, Remediation>.Empty;

    /// <summary>Nothing remembered.</summary>
    public static Baseline Empty { get; } = new(ImmutableSortedDictionary.Create<string, GoodState>(StringComparer.Ordinal));

    /// <summary>The state of an object, or null.</summary>
    /// <param name="kind">Its kind.</param>
    /// <param name="name">Its name.</param>
    public GoodState? Of(string kind, string name) => States.GetValueOrDefault($"{kind}/{name}");

    /// <summary>With a state in place of the object's older one; unchanged when there is no room.</summary>
    /// <param name="state">The state.</param>
    public Baseline With(GoodState state)
    {
        var next = States.SetItem($"{state.Kind}/{state.Name}", state);
        return next.Values.Sum(each => each.Content.ToJsonString().Length) <= MaxCharacters ? new(next) : this;
    }

    /// <summary>Without an object.</summary>
    /// <param name="key">"Kind/name".</param>
    public Baseline Without(string key) => new(States.Remove(key));

    /// <summary>As text entries, "Kind.name" to JSON, as the data of a ConfigMap.</summary>
    public IReadOnlyDictionary<string, string> Write() => States.Values.ToDictionary(
        state => $"{state.Kind}.{state.Name}",
        state => CanonicalJson.Text(new JsonObject { ["startSeconds"] = state.StartSeconds, ["content"] = state.Content.DeepClone() }));

    /// <summary>Reads what <see cref="Write"/> wrote; entries that cannot be read are left out.</summary>
    /// <param name="data">Entries, or null.</param>
    public static Baseline Read(IDictionary<string, string>? data)
    {
        var result = Empty;
        foreach (var (key, text) in data ?? new Dictionary<string, string>())
        {
            if (key.Split('.', 2) is [var kind, var name] && Parse(text) is { } entry && entry["content"] is JsonObject content)
                result = result.With(new(kind, name, content.DeepClone().AsObject(), (double?)entry["startSeconds"] ?? 0));
        }

        return result;
    }

    private static JsonObject? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }
}
