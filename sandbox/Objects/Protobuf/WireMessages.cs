using System.Globalization;
using System.Reflection;

namespace Ops.Sandbox.Objects;

/// <summary>One field of a protobuf message.</summary>
/// <param name="Name">JSON name; "&lt;" where its members belong to the parent (Go's inline structs).</param>
/// <param name="Type">
/// s text, i integer, b boolean, d double, y bytes, T time, U time with microseconds, Q quantity, I int-or-string, R raw JSON,
/// else the name of a message.
/// </param>
/// <param name="Shape">One, list or map from text.</param>
/// <param name="KeepsZero">True where a zero value is written out: pointers, and members that JSON never omits.</param>
internal sealed record WireField(string Name, string Type, WireShape Shape, bool KeepsZero);

internal enum WireShape
{
    One,
    List,
    Map,
}

/// <summary>
/// The messages that kubectl's generators send, read from <c>messages.txt</c>. That file holds the numbers, names and Go
/// pointer-ness that the struct tags of k8s.io/api and k8s.io/apimachinery publish:
/// <c>= apiVersion Kind message</c> for the kinds, then <c>message: number name type; …</c> with <c>[]</c> a list,
/// <c>{}</c> a map, <c>*</c> a pointer, <c>!</c> a member without omitempty, <c>&lt;</c> an inline struct.
/// </summary>
internal static class WireMessages
{
    private static readonly (Dictionary<string, string> Kinds, Dictionary<string, Dictionary<int, WireField>> Messages) Table = Read();

    public static string? MessageOf(string apiVersion, string kind) => Table.Kinds.GetValueOrDefault(apiVersion + " " + kind);

    public static Dictionary<int, WireField> Fields(string message) => Table.Messages[message];

    private static (Dictionary<string, string>, Dictionary<string, Dictionary<int, WireField>>) Read()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("Ops.Sandbox.Objects.Protobuf.messages.txt")!;
        using var reader = new StreamReader(stream);
        var kinds = new Dictionary<string, string>(StringComparer.Ordinal);
        var messages = new Dictionary<string, Dictionary<int, WireField>>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith("= ", StringComparison.Ordinal))
            {
                var words = line.Split(' ');
                kinds[words[1] + " " + words[2]] = words[3];
                continue;
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            messages[line[..colon]] = line[(colon + 1)..]
                .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(f => f.Split(' '))
                .ToDictionary(f => int.Parse(f[0], CultureInfo.InvariantCulture), f => Field(f[1], f[2]));
        }

        return (kinds, messages);
    }

    private static WireField Field(string name, string type)
    {
        var shape = type[..Math.Min(2, type.Length)] switch { "[]" => WireShape.List, "{}" => WireShape.Map, _ => WireShape.One };
        var bare = type.TrimStart('[', ']', '{', '}');
        return new WireField(name, bare.TrimEnd('*', '!'), shape, bare[^1] is '*' or '!');
    }
}
