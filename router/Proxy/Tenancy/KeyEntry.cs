using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Ops.Router;

/// <summary>
/// Reads the limits that stand beside an API key in its Secret: the entry NAME.limits belongs to the key in entry NAME.
/// </summary>
/// <remarks>
/// YAML, every field optional:
/// tenant: research                 # keys of one tenant share; default: the key's name
/// weight: 2
/// priority: batch
/// models: [chat, embed]
/// requestsPerMinute: 600
/// tokensPerMinute: 200000
/// tokensPerDay: 5000000
/// tokensPerMonth: 100000000
/// </remarks>
internal static class KeyEntry
{
    internal const string LimitsSuffix = ".limits";

    private const int MaxBytes = 16 << 10;
    private const int MaxModels = 256;
    private const int MaxNameLength = 253;
    private const string Fields = "tenant, weight, priority, models, requestsPerMinute, tokensPerMinute, tokensPerDay, tokensPerMonth";

    internal static bool IsLimits(string name) => name.EndsWith(LimitsSuffix, StringComparison.Ordinal);

    internal static string KeyOf(string limitsName) => limitsName[..^LimitsSuffix.Length];

    /// <summary>The caller of a key.</summary>
    /// <param name="id">The key's name.</param>
    /// <param name="limits">Its limits as they stand in the Secret; null when there are none.</param>
    internal static Caller Read(string id, byte[]? limits)
    {
        var caller = new Caller(id);
        if (limits is null)
            return caller;
        try
        {
            return limits.Length > MaxBytes ? throw new FormatException($"it has {limits.Length} bytes; at most {MaxBytes} are read") : Parse(caller, Encoding.UTF8.GetString(limits));
        }
        catch (Exception e) when (e is FormatException or YamlException)
        {
            var at = e is YamlException yaml ? $" (line {yaml.Start.Line})" : "";
            return new Caller(id) { Problem = e.Message + at };
        }
    }

    private static Caller Parse(Caller caller, string text)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        if (yaml.Documents.Count == 0)
            return caller;
        if (yaml.Documents.Count > 1 || yaml.Documents[0].RootNode is not YamlMappingNode root)
            throw new FormatException($"it is no YAML mapping; write lines such as requestsPerMinute: 600. Fields: {Fields}");
        foreach (var (key, value) in root.Children)
            caller = With(caller, (key as YamlScalarNode)?.Value ?? "", value);
        return caller;
    }

    private static Caller With(Caller caller, string field, YamlNode value)
    {
        var limits = caller.Limits;
        return field switch
        {
            "tenant" => caller with { Tenant = Name(field, value) },
            "weight" => caller with { Limits = limits with { Weight = Weight(value) } },
            "priority" => caller with { Limits = limits with { Priority = Name(field, value) } },
            "models" => caller with { Models = Models(value) },
            "requestsPerMinute" => caller with { Limits = limits with { RequestsPerMinute = (int)Whole(field, value, int.MaxValue) } },
            "tokensPerMinute" => caller with { Limits = limits with { TokensPerMinute = (int)Whole(field, value, int.MaxValue) } },
            "tokensPerDay" => caller with { Limits = limits with { TokensPerDay = Whole(field, value, long.MaxValue / 4) } },
            "tokensPerMonth" => caller with { Limits = limits with { TokensPerMonth = Whole(field, value, long.MaxValue / 4) } },
            _ => throw new FormatException($"the field \"{Short(field)}\" is unknown; the fields are {Fields}"),
        };
    }

    private static string Name(string field, YamlNode value) =>
        value is YamlScalarNode { Value: { Length: > 0 and <= MaxNameLength } text }
            ? text
            : throw new FormatException($"{field} must be a text of 1 to {MaxNameLength} characters");

    private static double Weight(YamlNode value) =>
        value is YamlScalarNode { Value: { } text } && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var weight) && weight is >= 0.01 and <= 1_000
            ? weight
            : throw new FormatException("weight must be a number from 0.01 to 1000");

    private static long Whole(string field, YamlNode value, long most) =>
        value is YamlScalarNode { Value: { } text } && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && number <= most
            ? number
            : throw new FormatException($"{field} must be a whole number above 0; leave it out for no limit");

    private static FrozenSet<string> Models(YamlNode value)
    {
        if (value is not YamlSequenceNode list || list.Children.Count > MaxModels)
            throw new FormatException($"models must be a list of at most {MaxModels} model names, such as [chat, embed]");
        return list.Children.Select(item => Name("each of models", item)).ToFrozenSet(StringComparer.Ordinal);
    }

    private static string Short(string text) => text.Length <= 50 ? text : text[..50] + "...";
}
