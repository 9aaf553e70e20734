namespace Ops.Sandbox.Objects.Cel;

/// <summary>A compiled CEL expression: immutable, free of state, safe from any thread.</summary>
internal sealed class CelProgram
{
    private readonly CelExpression _root;
    private readonly HashSet<string> _identifiers = new(StringComparer.Ordinal);

    private CelProgram(string expression, CelExpression root)
    {
        Expression = expression;
        _root = root;
        CollectIdentifiers(root);
    }

    public string Expression { get; }

    public CelExpression Root => _root;

    /// <summary>Parses; throws <see cref="CelException"/> with line and column where the text is no expression.</summary>
    public static CelProgram Compile(string expression) => new(expression, CelParser.Parse(expression));

    /// <summary>True where the expression mentions the name.</summary>
    public bool Uses(string identifier) => _identifiers.Contains(identifier);

    /// <summary>Evaluates. A failure is a <see cref="CelError"/>, never an exception.</summary>
    public object? Evaluate(CelScope scope)
    {
        var value = _root.Evaluate(scope);
        return scope.IsSpent ? CelError.OutOfBudget : value;
    }

    private void CollectIdentifiers(CelExpression node)
    {
        if (node is CelIdentifier identifier)
            _identifiers.Add(identifier.Name);
        foreach (var child in node.Children)
            CollectIdentifiers(child);
    }
}
