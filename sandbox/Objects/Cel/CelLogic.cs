namespace Ops.Sandbox.Objects.Cel;

/// <summary><c>a &amp;&amp; b &amp;&amp; …</c> as one flat node: a long chain must not make a deep tree.</summary>
internal sealed class CelAnd(CelExpression[] terms, int position) : CelExpression(position, terms)
{
    protected override object? EvaluateNode(CelScope scope) => CelLogic.Fold(Children, scope, decisive: false);
}

/// <summary><c>a || b || …</c> as one flat node.</summary>
internal sealed class CelOr(CelExpression[] terms, int position) : CelExpression(position, terms)
{
    protected override object? EvaluateNode(CelScope scope) => CelLogic.Fold(Children, scope, decisive: true);
}

internal static class CelLogic
{
    /// <summary>One decisive operand settles the result, whatever fails beside it; otherwise the first failure is the result.</summary>
    public static object? Fold(IReadOnlyList<CelExpression> terms, CelScope scope, bool decisive)
    {
        CelError? failure = null;
        foreach (var term in terms)
        {
            var value = term.Evaluate(scope);
            if (value is bool flag)
            {
                if (flag == decisive)
                    return flag;
            }
            else
            {
                failure ??= value as CelError ?? CelError.NoOverload(decisive ? "_||_" : "_&&_", value);
                if (ReferenceEquals(failure, CelError.OutOfBudget))
                    return failure;
            }
        }

        return failure is null ? !decisive : failure;
    }
}

internal sealed class CelConditional(CelExpression condition, CelExpression whenTrue, CelExpression whenFalse, int position)
    : CelExpression(position, condition, whenTrue, whenFalse)
{
    protected override object? EvaluateNode(CelScope scope) => Children[0].Evaluate(scope) switch
    {
        bool condition => Children[condition ? 1 : 2].Evaluate(scope),
        CelError error => error,
        var other => CelError.NoOverload("_?_:_", other),
    };
}

internal enum CelMacro
{
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

/// <summary>
/// <c>range.all(x, body)</c> and its kin. Children: range, body, and for <c>map(x, filter, body)</c> the filter as third.
/// Over a map the variable runs through the keys.
/// </summary>
internal sealed class CelComprehension(CelMacro macro, CelExpression range, string variable, CelExpression body, CelExpression? filter, int position)
    : CelExpression(position, filter is null ? [range, body] : [range, body, filter])
{
    public CelMacro Macro { get; } = macro;

    public string Variable { get; } = variable;

    protected override object? EvaluateNode(CelScope scope)
    {
        var value = Children[0].Evaluate(scope);
        var elements = value switch
        {
            CelList list => list,
            CelMap map => map.Keys,
            _ => null,
        };
        if (elements is null)
            return value as CelError ?? CelError.NoOverload(Macro.ToString(), value);
        return Macro switch
        {
            CelMacro.All => Quantify(elements, scope, decisive: false),
            CelMacro.Exists => Quantify(elements, scope, decisive: true),
            CelMacro.ExistsOne => ExistsOne(elements, scope),
            CelMacro.Filter => Filter(elements, scope),
            _ => Map(elements, scope),
        };
    }

    private object Quantify(CelList elements, CelScope scope, bool decisive)
    {
        CelError? failure = null;
        for (var i = 0; i < elements.Count; i++)
        {
            var value = Children[1].Evaluate(scope.With(Variable, elements[i]));
            if (value is bool flag)
            {
                if (flag == decisive)
                    return flag;
            }
            else
            {
                failure ??= value as CelError ?? CelError.NoOverload(Macro.ToString(), value);
                if (ReferenceEquals(value, CelError.OutOfBudget))
                    return value;
            }
        }

        return failure is null ? !decisive : failure;
    }

    private object ExistsOne(CelList elements, CelScope scope)
    {
        var found = 0;
        for (var i = 0; i < elements.Count; i++)
            switch (Children[1].Evaluate(scope.With(Variable, elements[i])))
            {
                case bool flag:
                    found += flag ? 1 : 0;
                    break;
                case CelError error:
                    return error;
                case var other:
                    return CelError.NoOverload("exists_one", other);
            }

        return found == 1;
    }

    private object Filter(CelList elements, CelScope scope)
    {
        var kept = new List<object?>();
        for (var i = 0; i < elements.Count; i++)
            switch (Children[1].Evaluate(scope.With(Variable, elements[i])))
            {
                case true:
                    kept.Add(elements[i]);
                    break;
                case false:
                    break;
                case CelError error:
                    return error;
                case var other:
                    return CelError.NoOverload("filter", other);
            }

        return new CelArrayList(kept);
    }

    private object Map(CelList elements, CelScope scope)
    {
        var mapped = new List<object?>();
        for (var i = 0; i < elements.Count; i++)
        {
            var inner = scope.With(Variable, elements[i]);
            if (Children.Count > 2)
            {
                var keep = Children[2].Evaluate(inner);
                if (keep is not bool)
                    return keep as CelError ?? CelError.NoOverload("map", keep);
                if (keep is false)
                    continue;
            }

            var value = Children[1].Evaluate(inner);
            if (value is CelError)
                return value;
            mapped.Add(value);
        }

        return new CelArrayList(mapped);
    }
}

/// <summary>A function or operator. The first child is the receiver where <paramref name="isMember"/> is true.</summary>
internal sealed class CelCall(string function, bool isMember, CelExpression[] arguments, int position) : CelExpression(position, arguments)
{
    private readonly CelFunction _function = CelFunctions.Find(function, isMember, arguments.Length)
        ?? throw new CelException($"undeclared reference to '{function}' (in container '')");

    public string Function { get; } = function;

    public bool IsMember { get; } = isMember;

    protected override object? EvaluateNode(CelScope scope)
    {
        var values = new object?[Children.Count];
        for (var i = 0; i < values.Length; i++)
            if ((values[i] = Children[i].Evaluate(scope)) is CelError error)
                return error;
        return _function(values, scope);
    }
}
