namespace Ops.Sandbox.Objects.Cel;

/// <summary>
/// A node of a parsed expression. Nodes evaluate themselves; failures are values (<see cref="CelError"/>), because
/// <c>&amp;&amp;</c> and <c>||</c> absorb them.
/// </summary>
internal abstract class CelExpression
{
    protected CelExpression(int position, params ReadOnlySpan<CelExpression> children)
    {
        Position = position;
        Children = children.ToArray();
        foreach (var child in children)
            Depth = Math.Max(Depth, child.Depth);
        Depth++;
    }

    /// <summary>Index in the source, for messages.</summary>
    public int Position { get; }

    /// <summary>Height of the tree below. The parser bounds it, so that evaluation cannot exhaust the stack.</summary>
    public int Depth { get; }

    public IReadOnlyList<CelExpression> Children { get; }

    public object? Evaluate(CelScope scope) => scope.Spend(1) ? EvaluateNode(scope) : CelError.OutOfBudget;

    protected abstract object? EvaluateNode(CelScope scope);
}

internal sealed class CelLiteral(object? value, int position) : CelExpression(position)
{
    public object? Value { get; } = value;

    protected override object? EvaluateNode(CelScope scope) => Value;
}

internal sealed class CelIdentifier(string name, int position) : CelExpression(position)
{
    public string Name { get; } = name;

    protected override object? EvaluateNode(CelScope scope) => scope.Find(Name);
}

/// <summary><c>operand.field</c>, <c>operand.?field</c> and <c>has(operand.field)</c>.</summary>
internal sealed class CelSelect(CelExpression operand, string field, bool isTest, bool isOptional, int position) : CelExpression(position, operand)
{
    public CelExpression Operand { get; } = operand;

    public string Field { get; } = field;

    public bool IsTest { get; } = isTest;

    public bool IsOptional { get; } = isOptional;

    protected override object? EvaluateNode(CelScope scope)
    {
        var value = Operand.Evaluate(scope);
        if (value is CelError)
            return value;
        if (value is CelOptional optional)
        {
            // has() and selection look through an optional; what comes out is optional again.
            if (!optional.HasValue)
                return IsTest ? false : CelOptional.None;
            var inner = SelectFrom(optional.Value);
            return IsTest ? inner is not CelMissing : inner is CelMissing ? CelOptional.None : inner is CelError ? inner : new CelOptional(inner, true);
        }

        var member = SelectFrom(value);
        if (IsTest)
            return member is CelError ? member : member is not CelMissing;
        if (IsOptional)
            return member is CelMissing ? CelOptional.None : member is CelError ? member : new CelOptional(member, true);
        return member is CelMissing ? new CelError("no such key: " + Field) : member;
    }

    private object? SelectFrom(object? value) => value switch
    {
        CelMap map => map.TryGet(Field, out var member) ? member : CelMissing.Instance,
        _ => CelError.NoOverload("select ." + Field, value),
    };
}

internal sealed class CelIndex(CelExpression operand, CelExpression index, bool isOptional, int position) : CelExpression(position, operand, index)
{
    public CelExpression Operand => Children[0];

    public CelExpression Key => Children[1];

    public bool IsOptional { get; } = isOptional;

    protected override object? EvaluateNode(CelScope scope)
    {
        var value = Operand.Evaluate(scope);
        var key = Key.Evaluate(scope);
        if (value is CelError)
            return value;
        if (key is CelError)
            return key;
        var isOptionalValue = value is CelOptional;
        if (value is CelOptional optional)
        {
            if (!optional.HasValue)
                return optional;
            value = optional.Value;
        }

        var element = ElementOf(value, key);
        if (IsOptional || isOptionalValue)
            return element is CelMissing ? CelOptional.None : element is CelError ? element : new CelOptional(element, true);
        return element is CelMissing
            ? new CelError(value is CelMap ? "no such key: " + CelText.Of(key) : "index out of bounds: " + CelText.Of(key))
            : element;
    }

    private static object? ElementOf(object? value, object? key)
    {
        switch (value)
        {
            case CelMap map:
                return map.TryGet(key, out var member) ? member : CelMissing.Instance;
            case CelList list when CelNumbers.TryIndex(key, out var index):
                return index >= 0 && index < list.Count ? list[(int)index] : CelMissing.Instance;
            default:
                return CelError.NoOverload("_[_]", value, key);
        }
    }
}

internal sealed class CelListLiteral(CelExpression[] elements, int position) : CelExpression(position, elements)
{
    protected override object? EvaluateNode(CelScope scope)
    {
        var values = new object?[Children.Count];
        for (var i = 0; i < values.Length; i++)
            if ((values[i] = Children[i].Evaluate(scope)) is CelError error)
                return error;
        return new CelArrayList(values);
    }
}

/// <summary>Children alternate: key, value, key, value.</summary>
internal sealed class CelMapLiteral(CelExpression[] entries, int position) : CelExpression(position, entries)
{
    protected override object? EvaluateNode(CelScope scope)
    {
        var map = new Dictionary<object, object?>(CelEquality.Comparer);
        for (var i = 0; i < Children.Count; i += 2)
        {
            var key = Children[i].Evaluate(scope);
            var value = Children[i + 1].Evaluate(scope);
            if (key is CelError || value is CelError)
                return key as CelError ?? value;
            if (key is not (string or long or ulong or bool))
                return new CelError("unsupported key type: " + CelText.TypeOf(key));
            if (!map.TryAdd(key, value))
                return new CelError("repeated key: " + CelText.Of(key));
        }

        return new CelDictionaryMap(map);
    }
}
