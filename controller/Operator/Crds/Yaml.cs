using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Serialization;

namespace Ops.Operator.Crds;

/// <summary>JSON trees as YAML text, in the order of their properties.</summary>
internal static class Yaml
{
    private static readonly ISerializer Serializer = new SerializerBuilder()
        .WithQuotingNecessaryStrings(true)
        .DisableAliases()
        .WithNewLine("\n")
        .Build();

    /// <summary>The document's text, ending with a line break.</summary>
    public static string Write(JsonObject document) => Serializer.Serialize(Plain(document)!);

    private static object? Plain(JsonNode? node) => node switch
    {
        JsonObject obj => obj.ToDictionary(pair => pair.Key, pair => Plain(pair.Value)),
        JsonArray array => array.Select(Plain).ToList(),
        JsonValue value => value.GetValueKind() switch
        {
            JsonValueKind.String => value.GetValue<string>(),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => value.TryGetValue<int>(out var whole) ? whole : decimal.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture),
        },
        _ => null,
    };
}
