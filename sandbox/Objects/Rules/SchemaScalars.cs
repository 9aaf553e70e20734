using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Ops.Sandbox.Objects.Cel;

namespace Ops.Sandbox.Objects;

/// <summary>Bounds, patterns and formats of texts and numbers.</summary>
internal static class SchemaScalars
{
    public static void Number(JsonValue value, StructuralSchema schema, string path, List<FieldCause> causes)
    {
        var number = value.Number();
        void Add(string detail) => causes.Add(FieldCauses.Invalid(path, value, $"{SchemaValidation.Body(path)} {detail}"));
        if (schema.Maximum is { } max && (schema.ExclusiveMaximum ? number >= max : number > max))
            Add(schema.ExclusiveMaximum ? $"should be less than {Text(max)}" : $"should be less than or equal to {Text(max)}");
        if (schema.Minimum is { } min && (schema.ExclusiveMinimum ? number <= min : number < min))
            Add(schema.ExclusiveMinimum ? $"should be greater than {Text(min)}" : $"should be greater than or equal to {Text(min)}");
        if (schema.MultipleOf is { } step && step > 0 && !IsMultiple(number, step))
            Add($"should be a multiple of {Text(step)}");
        if (schema is { Type: "integer", Format: "int32" } && number is < int.MinValue or > int.MaxValue)
            Add($"must be of type int32: {FieldCauses.Text(value)}");
    }

    public static void Text(JsonValue value, StructuralSchema schema, string path, List<FieldCause> causes)
    {
        if (schema is { MinLength: null, MaxLength: null, Pattern: null, Format: null })
            return;
        var text = value.Text();
        void Add(string detail) => causes.Add(FieldCauses.Invalid(path, value, $"{SchemaValidation.Body(path)} {detail}"));
        if (schema.MaxLength is { } most && CelConversions.CodePoints(text) > most)
            causes.Add(FieldCauses.TooLong(path, most));
        if (schema.MinLength is { } least && CelConversions.CodePoints(text) < least)
            Add($"should be at least {least} chars long");
        if (schema.PatternRegex is { } pattern && !pattern.IsMatch(text))
            Add($"should match '{schema.Pattern}'");
        if (schema.Format is { } format && !HasFormat(text, format))
            Add($"must be of type {format}: {FieldCauses.Text(value)}");
    }

    private static string Text(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    private static bool IsMultiple(double number, double step)
    {
        var quotient = number / step;
        // 0.3 is a multiple of 0.1 although the quotient is 2.9999999999999996.
        return Math.Abs(quotient - Math.Round(quotient)) < 1e-9 * Math.Max(1, Math.Abs(quotient));
    }

    /// <summary>Formats that the real server enforces; it ignores those that it does not know.</summary>
    private static bool HasFormat(string text, string format) => format switch
    {
        "date-time" or "date-time-micro" => IsTime(text),
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "duration" => CelDuration.TryParse(text, out _),
        "byte" => IsBase64(text),
        "ipv4" => IPAddress.TryParse(text, out var v4) && v4.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork && text.AsSpan().Count('.') == 3,
        "ipv6" => IPAddress.TryParse(text, out var v6) && v6.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6,
        "cidr" => IPNetwork.TryParse(text, out _),
        "uri" => Uri.TryCreate(text, UriKind.Absolute, out _),
        "uuid" => Guid.TryParse(text, out _),
        "email" => text.IndexOf('@') is > 0 and var at && at < text.Length - 1 && !text.Contains(' '),
        "hostname" => text.Length <= 253 && Names.IsSubdomain(text.ToLowerInvariant()),
        _ => true,
    };

    public static bool IsTime(string text) => DateTimeOffset.TryParseExact(
        text.Length > 27 && text[19] == '.' ? Shorten(text) : text,
        ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ssK"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _);

    /// <summary>Go accepts nine fraction digits, .NET seven.</summary>
    private static string Shorten(string text)
    {
        var end = 20;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
            end++;
        return end - 20 > 7 ? text[..27] + text[end..] : text;
    }

    private static bool IsBase64(string text)
    {
        var buffer = new byte[((text.Length + 3) / 4) * 3];
        return Convert.TryFromBase64String(text, buffer, out _);
    }
}
