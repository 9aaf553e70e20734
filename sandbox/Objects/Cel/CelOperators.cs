namespace Ops.Sandbox.Objects.Cel;

/// <summary>Operators. Integer arithmetic fails on overflow, as CEL demands.</summary>
internal static class CelOperators
{
    public static void AddTo(Dictionary<(string, bool, int), CelFunction> table)
    {
        table.Function("==", 2, (a, s) => Guard(CelEquality.Same(a[0], a[1], s), s));
        table.Function("!=", 2, (a, s) => Guard(!CelEquality.Same(a[0], a[1], s), s));
        table.Function("<", 2, (a, s) => Order("_<_", a, o => o < 0));
        table.Function("<=", 2, (a, s) => Order("_<=_", a, o => o <= 0));
        table.Function(">", 2, (a, s) => Order("_>_", a, o => o > 0));
        table.Function(">=", 2, (a, s) => Order("_>=_", a, o => o >= 0));
        table.Function("@in", 2, In);
        table.Function("+", 2, Add);
        table.Function("-", 2, Subtract);
        table.Function("*", 2, (a, _) => Checked(() => (a[0], a[1]) switch
        {
            (long x, long y) => checked(x * y),
            (ulong x, ulong y) => checked(x * y),
            (double x, double y) => x * y,
            _ => CelError.NoOverload("_*_", a),
        }));
        table.Function("/", 2, Divide);
        table.Function("%", 2, Remainder);
        table.Function("!_", 1, (a, _) => a[0] is bool flag ? !flag : CelError.NoOverload("!_", a));
        table.Function("-_", 1, (a, _) => Checked(() => a[0] switch
        {
            long x => checked(-x),
            double x => -x,
            CelDuration x => new CelDuration(checked(-x.Nanoseconds)),
            _ => CelError.NoOverload("-_", a),
        }));
    }

    /// <summary>Order of two values of one type (numbers of any type), or null.</summary>
    public static int? Compare(object? a, object? b) => (a, b) switch
    {
        (string x, string y) => string.CompareOrdinal(x, y),
        (bool x, bool y) => x.CompareTo(y),
        (byte[] x, byte[] y) => x.AsSpan().SequenceCompareTo(y),
        (CelDuration x, CelDuration y) => x.Nanoseconds.CompareTo(y.Nanoseconds),
        (DateTimeOffset x, DateTimeOffset y) => x.CompareTo(y),
        _ => CelNumbers.Compare(a, b),
    };

    private static object Order(string name, object?[] a, Func<int, bool> test)
    {
        if (Compare(a[0], a[1]) is { } order)
            return test(order);
        // NaN has no order but is a number.
        return a[0] is double && a[1] is double or long or ulong || (a[0] is long or ulong && a[1] is double)
            ? false
            : CelError.NoOverload(name, a);
    }

    private static object In(object?[] a, CelScope scope) => a[1] switch
    {
        CelList list => Guard(CelEquality.Contains(list, a[0], scope), scope),
        CelMap map => map.TryGet(a[0], out _),
        _ => CelError.NoOverload("@in", a),
    };

    private static object Add(object?[] a, CelScope scope) => Checked(() =>
    {
        switch (a[0], a[1])
        {
            case (long x, long y):
                return checked(x + y);
            case (ulong x, ulong y):
                return checked(x + y);
            case (double x, double y):
                return x + y;
            case (string x, string y):
                return scope.Spend((x.Length + y.Length) / 10) ? x + y : CelError.OutOfBudget;
            case (byte[] x, byte[] y):
                return scope.Spend((x.Length + y.Length) / 10) ? (byte[])[.. x, .. y] : CelError.OutOfBudget;
            case (CelList x, CelList y):
                return Concatenate(x, y, scope);
            case (CelDuration x, CelDuration y):
                return new CelDuration(checked(x.Nanoseconds + y.Nanoseconds));
            case (DateTimeOffset x, CelDuration y):
                return x.AddTicks(y.Nanoseconds / 100);
            case (CelDuration x, DateTimeOffset y):
                return y.AddTicks(x.Nanoseconds / 100);
            default:
                return CelError.NoOverload("_+_", a);
        }
    });

    private static object Subtract(object?[] a, CelScope scope) => Checked(() => (a[0], a[1]) switch
    {
        (long x, long y) => checked(x - y),
        (ulong x, ulong y) => checked(x - y),
        (double x, double y) => x - y,
        (CelDuration x, CelDuration y) => new CelDuration(checked(x.Nanoseconds - y.Nanoseconds)),
        (DateTimeOffset x, CelDuration y) => x.AddTicks(-(y.Nanoseconds / 100)),
        (DateTimeOffset x, DateTimeOffset y) => new CelDuration(checked((x - y).Ticks * 100)),
        _ => CelError.NoOverload("_-_", a),
    });

    private static object Divide(object?[] a, CelScope scope) => Checked(() => (a[0], a[1]) switch
    {
        (long or ulong, 0L or 0UL) => new CelError("division by zero"),
        (long x, long y) => checked(x / y),
        (ulong x, ulong y) => x / y,
        (double x, double y) => x / y,
        _ => CelError.NoOverload("_/_", a),
    });

    private static object Remainder(object?[] a, CelScope scope) => Checked(() => (a[0], a[1]) switch
    {
        (long or ulong, 0L or 0UL) => new CelError("modulus by zero"),
        // The processor traps long.MinValue % -1; its value is 0.
        (long, -1L) => 0L,
        (long x, long y) => x % y,
        (ulong x, ulong y) => x % y,
        _ => CelError.NoOverload("_%_", a),
    });

    private static object Concatenate(CelList a, CelList b, CelScope scope)
    {
        if (!scope.Spend(a.Count + b.Count))
            return CelError.OutOfBudget;
        var joined = new List<object?>(a.Count + b.Count);
        for (var i = 0; i < a.Count; i++)
            joined.Add(a[i]);
        for (var i = 0; i < b.Count; i++)
            joined.Add(b[i]);
        return new CelArrayList(joined);
    }

    private static object Checked(Func<object> operation)
    {
        try
        {
            return operation();
        }
        catch (OverflowException)
        {
            return new CelError("return error for overflow");
        }
        catch (ArgumentOutOfRangeException)
        {
            return new CelError("timestamp overflow");
        }
    }

    private static object Guard(bool result, CelScope scope) => scope.IsSpent ? CelError.OutOfBudget : result;
}
