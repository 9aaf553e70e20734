namespace Ops.Sandbox.Objects.Cel;

/// <summary>What evaluation may still cost. One unit is one node visited, one element compared or ten characters read.</summary>
internal sealed class CelBudget(long limit)
{
    /// <summary>PerCallLimit of the real server: about 0.1 s there.</summary>
    public const long PerRule = 1_000_000;

    /// <summary>RuntimeCELCostBudget of the real server: about 1 s for one object.</summary>
    public const long PerObject = 10_000_000;

    public long Remaining { get; private set; } = limit;

    public bool Spend(long cost)
    {
        Remaining -= cost;
        return Remaining >= 0;
    }
}

/// <summary>Names in force at one place of an expression: a short chain, newest first.</summary>
internal sealed class CelScope
{
    private readonly CelBudget _budget;
    private readonly CelBudget? _total;
    private readonly CelScope? _outer;
    private readonly string _name;
    private readonly object? _value;

    /// <param name="budget">Budget of this evaluation.</param>
    /// <param name="total">Budget of all evaluations over one object; null where this is the only one.</param>
    public CelScope(CelBudget budget, CelBudget? total = null)
    {
        _budget = budget;
        _total = total;
        _name = "";
    }

    private CelScope(CelScope outer, string name, object? value)
    {
        _budget = outer._budget;
        _total = outer._total;
        _outer = outer;
        _name = name;
        _value = value;
    }

    public CelScope With(string name, object? value) => new(this, name, value);

    /// <summary>False, and false ever after, when the budget is spent.</summary>
    public bool Spend(long cost)
    {
        _total?.Spend(cost);
        return _budget.Spend(cost);
    }

    public bool IsSpent => _budget.Remaining < 0;

    public object? Find(string name)
    {
        for (var scope = this; scope._outer is not null; scope = scope._outer)
            if (string.Equals(scope._name, name, StringComparison.Ordinal))
                return scope._value;
        return CelFunctions.TypeNamed(name) ?? (object)new CelError($"no such attribute(s): {name}");
    }
}
