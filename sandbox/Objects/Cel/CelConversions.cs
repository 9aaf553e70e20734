using System.Globalization;
using System.Text;

namespace Ops.Sandbox.Objects.Cel;

/// <summary>size() and the conversions between types.</summary>
internal static class CelConversions
{
    public static void AddTo(Dictionary<(string, bool, int), CelFunction> table)
    {
        table.Function("size", 1, Size);
        table.Member("size", 1, Size);
        table.Function("dyn", 1, (a, _) => a[0]);
        table.Function("type", 1, (a, _) => new CelType(CelText.TypeOf(a[0])));
        table.Function("int", 1, (a, _) => ToInt(a[0]));
        table.Function("uint", 1, (a, _) => ToUint(a[0]));
        table.Function("double", 1, (a, _) => ToDouble(a[0]));
        table.Function("string", 1, ToText);
        table.Function("bool", 1, (a, _) => a[0] switch
        {
            bool flag => flag,
            "1" or "t" or "true" or "TRUE" or "True" => true,
            "0" or "f" or "false" or "FALSE" or "False" => false,
            string => new CelError("type conversion error from 'string' to 'bool'"),
            _ => CelError.NoOverload("bool", a),
        });
        table.Function("bytes", 1, (a, _) => a[0] switch
        {
            string text => Encoding.UTF8.GetBytes(text),
            byte[] bytes => bytes,
            _ => CelError.NoOverload("bytes", a),
        });
        AddOptionals(table);
    }

    private static void AddOptionals(Dictionary<(string, bool, int), CelFunction> table)
    {
        table.Function("optional.of", 1, (a, _) => new CelOptional(a[0], true));
        table.Function("optional.none", 0, (_, _) => CelOptional.None);
        table.Function("optional.ofNonZeroValue", 1, (a, _) => a[0] is null or "" or 0L or false or 0d or 0UL ? CelOptional.None : new CelOptional(a[0], true));
        table.Member("hasValue", 1, (a, _) => a[0] is CelOptional optional ? optional.HasValue : CelError.NoOverload("hasValue", a));
        table.Member("value", 1, (a, _) => a[0] is not CelOptional optional ? CelError.NoOverload("value", a)
            : optional.HasValue ? optional.Value : new CelError("optional.none() dereference"));
        table.Member("orValue", 2, (a, _) => a[0] is not CelOptional optional ? CelError.NoOverload("orValue", a) : optional.HasValue ? optional.Value : a[1]);
        table.Member("or", 2, (a, _) => a[0] is not CelOptional optional ? CelError.NoOverload("or", a) : optional.HasValue ? optional : a[1]);
    }

    private static object? Size(object?[] a, CelScope scope) => a[0] switch
    {
        string text => scope.Spend(text.Length / 10) ? CodePoints(text) : CelError.OutOfBudget,
        byte[] bytes => (long)bytes.Length,
        CelList list => (long)list.Count,
        CelMap map => (long)map.Count,
        _ => CelError.NoOverload("size", a),
    };

    /// <summary>CEL counts code points, not UTF-16 units.</summary>
    public static long CodePoints(string text)
    {
        var count = 0L;
        foreach (var c in text)
            if (!char.IsLowSurrogate(c))
                count++;
        return count;
    }

    private static object? ToInt(object? value) => value switch
    {
        long => value,
        ulong number => number <= long.MaxValue ? (long)number : new CelError("unsigned integer overflow"),
        double number => number is > -9223372036854775808d and < 9223372036854775808d ? (long)number : new CelError("integer overflow"),
        string text => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : new CelError($"strconv.ParseInt: parsing \"{text}\": invalid syntax"),
        DateTimeOffset time => time.ToUnixTimeSeconds(),
        CelDuration duration => duration.Nanoseconds,
        _ => CelError.NoOverload("int", value),
    };

    private static object? ToUint(object? value) => value switch
    {
        ulong => value,
        long number => number >= 0 ? (ulong)number : new CelError("unsigned integer overflow"),
        double number => number is >= 0 and < 18446744073709551616d ? (ulong)number : new CelError("unsigned integer overflow"),
        string text => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : new CelError($"strconv.ParseUint: parsing \"{text}\": invalid syntax"),
        _ => CelError.NoOverload("uint", value),
    };

    private static object? ToDouble(object? value) => value switch
    {
        double => value,
        long number => (double)number,
        ulong number => (double)number,
        string text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : new CelError($"strconv.ParseFloat: parsing \"{text}\": invalid syntax"),
        _ => CelError.NoOverload("double", value),
    };

    private static object? ToText(object?[] a, CelScope scope)
    {
        if (a[0] is null or CelList or CelMap or CelOptional)
            return CelError.NoOverload("string", a);
        var text = CelText.Of(a[0]);
        return scope.Spend(text.Length / 10) ? text : CelError.OutOfBudget;
    }
}
