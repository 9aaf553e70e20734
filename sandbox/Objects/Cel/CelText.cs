using System.Globalization;
using System.Text;
using k8s.Models;

namespace Ops.Sandbox.Objects.Cel;

/// <summary>Values as text.</summary>
internal static class CelText
{
    /// <summary>What <c>string(x)</c> yields, and what messages show.</summary>
    public static string Of(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        string text => text,
        double number => Real(number),
        byte[] bytes => Encoding.UTF8.GetString(bytes),
        DateTimeOffset time => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
        CelType type => type.Name,
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    public static string TypeOf(object? value) => value switch
    {
        null => "null_type",
        bool => "bool",
        long => "int",
        ulong => "uint",
        double => "double",
        string => "string",
        byte[] => "bytes",
        CelDuration => "google.protobuf.Duration",
        DateTimeOffset => "google.protobuf.Timestamp",
        CelList => "list",
        CelMap => "map",
        CelOptional => "optional_type",
        CelType => "type",
        ResourceQuantity => "kubernetes.Quantity",
        _ => "unknown",
    };

    private static string Real(double number) => number switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => number.ToString("R", CultureInfo.InvariantCulture),
    };
}
