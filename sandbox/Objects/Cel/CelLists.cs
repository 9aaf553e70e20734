namespace Ops.Sandbox.Objects.Cel;

/// <summary>The Kubernetes list library (isSorted, sum, min, max, indexOf) and sets.</summary>
internal static class CelLists
{
    public static void AddTo(Dictionary<(string, bool, int), CelFunction> table)
    {
        table.Member("isSorted", 1, IsSorted);
        table.Member("min", 1, (a, s) => Extreme("min", a, s, sign: -1));
        table.Member("max", 1, (a, s) => Extreme("max", a, s, sign: 1));
        table.Member("sum", 1, Sum);
        table.Function("sets.contains", 2, (a, s) => Sets("sets.contains", a, s, (x, y) => All(y, e => CelEquality.Contains(x, e, s))));
        table.Function("sets.equivalent", 2, (a, s) => Sets("sets.equivalent", a, s,
            (x, y) => All(y, e => CelEquality.Contains(x, e, s)) && All(x, e => CelEquality.Contains(y, e, s))));
        table.Function("sets.intersects", 2, (a, s) => Sets("sets.intersects", a, s, (x, y) => !All(y, e => !CelEquality.Contains(x, e, s))));
    }

    public static object IndexOf(object?[] a, CelScope scope)
    {
        if (a[0] is not CelList list)
            return CelError.NoOverload("indexOf", a);
        for (var i = 0; i < list.Count; i++)
            if (CelEquality.Same(list[i], a[1], scope))
                return (long)i;
        return scope.IsSpent ? CelError.OutOfBudget : -1L;
    }

    public static object LastIndexOf(object?[] a, CelScope scope)
    {
        if (a[0] is not CelList list)
            return CelError.NoOverload("lastIndexOf", a);
        for (var i = list.Count - 1; i >= 0; i--)
            if (CelEquality.Same(list[i], a[1], scope))
                return (long)i;
        return scope.IsSpent ? CelError.OutOfBudget : -1L;
    }

    private static object IsSorted(object?[] a, CelScope scope)
    {
        if (a[0] is not CelList list)
            return CelError.NoOverload("isSorted", a);
        if (!scope.Spend(list.Count))
            return CelError.OutOfBudget;
        for (var i = 1; i < list.Count; i++)
        {
            if (CelOperators.Compare(list[i - 1], list[i]) is not { } order)
                return CelError.NoOverload("isSorted", list[i]);
            if (order > 0)
                return false;
        }

        return true;
    }

    private static object? Extreme(string name, object?[] a, CelScope scope, int sign)
    {
        if (a[0] is not CelList list)
            return CelError.NoOverload(name, a);
        if (list.Count == 0)
            return new CelError($"{name} called on empty list");
        if (!scope.Spend(list.Count))
            return CelError.OutOfBudget;
        var best = list[0];
        for (var i = 1; i < list.Count; i++)
        {
            if (CelOperators.Compare(list[i], best) is not { } order)
                return CelError.NoOverload(name, list[i]);
            if (order * sign > 0)
                best = list[i];
        }

        return best;
    }

    private static object? Sum(object?[] a, CelScope scope)
    {
        if (a[0] is not CelList list)
            return CelError.NoOverload("sum", a);
        if (!scope.Spend(list.Count))
            return CelError.OutOfBudget;
        var add = CelFunctions.Find("+", isMember: false, 2)!;
        object? sum = list.Count == 0 ? 0L : list[0];
        if (sum is not (long or ulong or double or CelDuration))
            return CelError.NoOverload("sum", a);
        for (var i = 1; i < list.Count && sum is not CelError; i++)
            sum = add([sum, list[i]], scope);
        return sum;
    }

    private static object Sets(string name, object?[] a, CelScope scope, Func<CelList, CelList, bool> test)
    {
        if (a[0] is not CelList x || a[1] is not CelList y)
            return CelError.NoOverload(name, a);
        var result = test(x, y);
        return scope.IsSpent ? CelError.OutOfBudget : result;
    }

    private static bool All(CelList list, Func<object?, bool> test)
    {
        for (var i = 0; i < list.Count; i++)
            if (!test(list[i]))
                return false;
        return true;
    }
}
