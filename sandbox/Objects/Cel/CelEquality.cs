using k8s.Models;

namespace Ops.Sandbox.Objects.Cel;

/// <summary>CEL's equality: numbers compare by value across types; values of different types are unequal, not an error.</summary>
internal static class CelEquality
{
    public static readonly IEqualityComparer<object> Comparer = new ValueComparer();

    /// <summary>Equality of two values. Spends budget by size; false where it runs out (the caller's next step then fails).</summary>
    public static bool Same(object? a, object? b, CelScope scope)
    {
        if (!scope.Spend(1))
            return false;
        switch (a, b)
        {
            case (null, null):
                return true;
            case (null, _) or (_, null):
                return false;
            case (CelList left, CelList right):
                return SameLists(left, right, scope);
            case (CelMap left, CelMap right):
                return SameMaps(left, right, scope);
            case (byte[] left, byte[] right):
                return left.AsSpan().SequenceEqual(right);
            case (ResourceQuantity left, ResourceQuantity right):
                return left.ToDecimal() == right.ToDecimal();
            case (CelOptional left, CelOptional right):
                return left.HasValue == right.HasValue && (!left.HasValue || Same(left.Value, right.Value, scope));
            case (string left, string right):
                scope.Spend(Math.Min(left.Length, right.Length) / 10);
                return string.Equals(left, right, StringComparison.Ordinal);
        }

        return CelNumbers.Compare(a, b) is { } order ? order == 0 : a.Equals(b);
    }

    private static bool SameLists(CelList a, CelList b, CelScope scope)
    {
        if (a.Count != b.Count)
            return false;
        var isUnordered = a is CelNodeList { IsUnordered: true } || b is CelNodeList { IsUnordered: true };
        for (var i = 0; i < a.Count; i++)
            if (isUnordered ? !Contains(b, a[i], scope) : !Same(a[i], b[i], scope))
                return false;
        return true;
    }

    public static bool Contains(CelList list, object? value, CelScope scope)
    {
        for (var i = 0; i < list.Count; i++)
            if (Same(list[i], value, scope))
                return true;
        return false;
    }

    private static bool SameMaps(CelMap a, CelMap b, CelScope scope)
    {
        if (a.Count != b.Count)
            return false;
        var keys = a.Keys;
        for (var i = 0; i < keys.Count; i++)
            if (!a.TryGet(keys[i], out var left) || !b.TryGet(keys[i], out var right) || !Same(left, right, scope))
                return false;
        return true;
    }

    /// <summary>Keys of map literals: text, bool and numbers, with 1 and 1u the same key.</summary>
    private sealed class ValueComparer : IEqualityComparer<object>
    {
        public new bool Equals(object? a, object? b) => a is not null && b is not null && (CelNumbers.Compare(a, b) is { } order ? order == 0 : a.Equals(b));

        public int GetHashCode(object value) => value switch
        {
            long number => number.GetHashCode(),
            ulong number when number <= long.MaxValue => ((long)number).GetHashCode(),
            double number when double.IsInteger(number) && Math.Abs(number) < 9.2e18 => ((long)number).GetHashCode(),
            _ => value.GetHashCode(),
        };
    }
}

internal static class CelNumbers
{
    /// <summary>Order of two numbers of any numeric types; null where one is no number or NaN.</summary>
    public static int? Compare(object? a, object? b) => (a, b) switch
    {
        (long x, long y) => x.CompareTo(y),
        (ulong x, ulong y) => x.CompareTo(y),
        (double x, double y) => double.IsNaN(x) || double.IsNaN(y) ? null : x.CompareTo(y),
        (long x, ulong y) => x < 0 ? -1 : ((ulong)x).CompareTo(y),
        (ulong x, long y) => y < 0 ? 1 : x.CompareTo((ulong)y),
        (double x, long or ulong) => CompareDouble(x, Convert.ToDecimal(b)),
        (long or ulong, double y) => -CompareDouble(y, Convert.ToDecimal(a)),
        _ => null,
    };

    /// <summary>The index that a whole number stands for.</summary>
    public static bool TryIndex(object? key, out long index)
    {
        switch (key)
        {
            case long number:
                index = number;
                return true;
            case ulong number when number <= long.MaxValue:
                index = (long)number;
                return true;
            case double number when double.IsInteger(number) && Math.Abs(number) < int.MaxValue:
                index = (long)number;
                return true;
            default:
                index = 0;
                return false;
        }
    }

    private static int? CompareDouble(double x, decimal y)
    {
        if (double.IsNaN(x))
            return null;
        // Beyond a decimal's range a double is beyond any 64-bit integer too.
        if (x > 1e19)
            return 1;
        if (x < -1e19)
            return -1;
        return ((decimal)x).CompareTo(y);
    }
}
