using System.Net;
using k8s.Models;

namespace Ops.Sandbox.Objects.Cel;

/// <summary>The Kubernetes quantity library, and isIP, isCIDR.</summary>
internal static class CelQuantities
{
    public static void AddTo(Dictionary<(string, bool, int), CelFunction> table)
    {
        table.Function("quantity", 1, (a, _) => a[0] is string text
            ? Quantities.TryParse(text, out var quantity) ? quantity : new CelError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
            : CelError.NoOverload("quantity", a));
        table.Function("isQuantity", 1, (a, _) => a[0] is string text ? Quantities.Canonical(text) is not null : CelError.NoOverload("isQuantity", a));
        Compare(table, "isGreaterThan", o => o > 0);
        Compare(table, "isLessThan", o => o < 0);
        Compare(table, "compareTo", o => (long)o);
        table.Member("sign", 1, (a, _) => a[0] is ResourceQuantity q ? (long)Math.Sign(q.ToDecimal()) : CelError.NoOverload("sign", a));
        table.Member("isInteger", 1, (a, _) => a[0] is ResourceQuantity q ? IsInteger(q) : CelError.NoOverload("isInteger", a));
        table.Member("asInteger", 1, (a, _) => a[0] is ResourceQuantity q
            ? IsInteger(q) ? (long)q.ToDecimal() : new CelError("cannot convert value to integer")
            : CelError.NoOverload("asInteger", a));
        table.Member("asApproximateFloat", 1, (a, _) => a[0] is ResourceQuantity q ? (double)q.ToDecimal() : CelError.NoOverload("asApproximateFloat", a));
        table.Member("add", 2, (a, _) => Combine("add", a, (x, y) => x + y));
        table.Member("sub", 2, (a, _) => Combine("sub", a, (x, y) => x - y));
        table.Function("isIP", 1, (a, _) => a[0] is string text ? IsAddress(text) : CelError.NoOverload("isIP", a));
        table.Function("isCIDR", 1, (a, _) => a[0] is string text ? IsNetwork(text) : CelError.NoOverload("isCIDR", a));
    }

    private static void Compare(Dictionary<(string, bool, int), CelFunction> table, string name, Func<int, object> result) =>
        table.Member(name, 2, (a, _) => a is [ResourceQuantity x, ResourceQuantity y] ? result(x.ToDecimal().CompareTo(y.ToDecimal())) : CelError.NoOverload(name, a));

    private static object Combine(string name, object?[] a, Func<decimal, decimal, decimal> combine)
    {
        if (a[0] is not ResourceQuantity left)
            return CelError.NoOverload(name, a);
        decimal? right = a[1] switch
        {
            ResourceQuantity quantity => quantity.ToDecimal(),
            long number => number,
            _ => null,
        };
        if (right is null)
            return CelError.NoOverload(name, a);
        try
        {
            return new ResourceQuantity(combine(left.ToDecimal(), right.Value).ToString(System.Globalization.CultureInfo.InvariantCulture));
        }
        catch (OverflowException)
        {
            return new CelError("quantity overflow");
        }
    }

    private static bool IsInteger(ResourceQuantity quantity)
    {
        var value = quantity.ToDecimal();
        return decimal.Truncate(value) == value && value is >= long.MinValue and <= long.MaxValue;
    }

    private static bool IsAddress(string text) =>
        // .NET also reads "1" and "127.1" as IPv4; a canonical address has four parts.
        IPAddress.TryParse(text, out var address) && !text.Contains('%') && (address.ToString() == text || text.Contains(':'));

    private static bool IsNetwork(string text) =>
        text.Split('/') is [var address, var bits] && IsAddress(address)
        && int.TryParse(bits, System.Globalization.NumberStyles.None, null, out var count) && count <= (address.Contains(':') ? 128 : 32);
}
