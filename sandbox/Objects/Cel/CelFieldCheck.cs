namespace Ops.Sandbox.Objects.Cel;

/// <summary>
/// Finds members that a rule names and its schema does not have, and rules that cannot yield what they must: mistakes that
/// would otherwise fail every object. It follows self and oldSelf through members, elements and macro variables; what it
/// cannot follow it takes for any type.
/// </summary>
internal sealed class CelFieldCheck
{
    private static readonly StructuralSchema Text = new() { Type = "string" };

    private readonly string _source;
    private readonly Dictionary<string, StructuralSchema?> _names = new(StringComparer.Ordinal);

    private CelFieldCheck(string source, StructuralSchema self)
    {
        _source = source;
        _names["self"] = self;
        _names["oldSelf"] = self;
    }

    /// <summary>Throws <see cref="CelException"/> at the first mistake.</summary>
    /// <param name="program">The parsed expression.</param>
    /// <param name="self">Schema of the node that the rule sits on.</param>
    /// <param name="wanted">bool or string.</param>
    public static void Check(CelProgram program, StructuralSchema self, string wanted)
    {
        new CelFieldCheck(program.Expression, self).Visit(program.Root);
        if (ResultOf(program.Root) is { } result && result != wanted)
            throw CelSource.Error(program.Expression, program.Root.Position, $"cel expression must evaluate to a {wanted}");
    }

    /// <summary>The schema of the value that the expression yields; null where it is not followed.</summary>
    private StructuralSchema? Visit(CelExpression node) => node switch
    {
        CelIdentifier identifier => _names.GetValueOrDefault(identifier.Name),
        CelSelect select => Select(select),
        CelIndex index => Index(index),
        CelComprehension comprehension => Comprehension(comprehension),
        CelConditional => Conditional(node),
        _ => All(node),
    };

    private StructuralSchema? All(CelExpression node)
    {
        foreach (var child in node.Children)
            Visit(child);
        return null;
    }

    private StructuralSchema? Conditional(CelExpression node)
    {
        Visit(node.Children[0]);
        var (whenTrue, whenFalse) = (Visit(node.Children[1]), Visit(node.Children[2]));
        return ReferenceEquals(whenTrue, whenFalse) ? whenTrue : null;
    }

    private StructuralSchema? Select(CelSelect select)
    {
        if (Visit(select.Operand) is not { } schema)
            return null;
        if (schema.Member(select.Field) is { } member)
            return member;
        // Typed scalars have no members; objects that allow anything may have this one.
        var isClosed = schema.Type is "string" or "integer" or "number" or "boolean" or "array" && !schema.IntOrString
            || (schema.Type == "object" && schema.Properties.Count > 0 && !schema.PreserveUnknownFields && !schema.EmbeddedResource);
        if (isClosed && !IsObjectMember(select.Field))
            throw CelSource.Error(_source, select.Position, $"undefined field '{select.Field}'");
        return null;
    }

    /// <summary>Every object has these at its root, whatever the schema says.</summary>
    private static bool IsObjectMember(string field) => field is "apiVersion" or "kind" or "metadata";

    private StructuralSchema? Index(CelIndex index)
    {
        Visit(index.Key);
        return Visit(index.Operand) switch
        {
            { Type: "array" } list => list.Items,
            { Type: "object" } map when index.Key is CelLiteral { Value: string name } => map.Member(name),
            { Type: "object" } map => map.AdditionalProperties,
            _ => null,
        };
    }

    private StructuralSchema? Comprehension(CelComprehension node)
    {
        var range = Visit(node.Children[0]);
        var element = range?.Type switch
        {
            "array" => range.Items,
            "object" => Text,
            _ => null,
        };
        var outer = _names.TryGetValue(node.Variable, out var shadowed);
        _names[node.Variable] = element;
        for (var i = 1; i < node.Children.Count; i++)
            Visit(node.Children[i]);
        if (outer)
            _names[node.Variable] = shadowed;
        else
            _names.Remove(node.Variable);
        return node.Macro == CelMacro.Filter && range?.Type == "array" ? range : null;
    }

    /// <summary>The type of the result where the outermost node settles it; null where it does not.</summary>
    private static string? ResultOf(CelExpression node) => node switch
    {
        CelAnd or CelOr => "bool",
        CelLiteral literal => CelText.TypeOf(literal.Value),
        CelListLiteral => "list",
        CelMapLiteral => "map",
        CelSelect { IsTest: true } => "bool",
        CelComprehension { Macro: CelMacro.Filter or CelMacro.Map } => "list",
        CelComprehension => "bool",
        CelConditional => ResultOf(node.Children[1]) is { } a && ResultOf(node.Children[2]) == a ? a : null,
        CelCall { Function: "==" or "!=" or "<" or "<=" or ">" or ">=" or "@in" or "!_" or "startsWith" or "endsWith" or "contains" or "matches" } => "bool",
        CelCall { Function: "size" or "int" or "indexOf" } => "int",
        CelCall { Function: "string" or "join" or "lowerAscii" or "upperAscii" } => "string",
        CelCall { Function: "-" or "*" or "/" or "%" or "-_" } => "number",
        _ => null,
    };
}
