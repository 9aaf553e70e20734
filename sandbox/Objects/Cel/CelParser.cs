namespace Ops.Sandbox.Objects.Cel;

/// <summary>
/// Recursive descent over the grammar of CEL. Any text either parses or throws <see cref="CelException"/>;
/// both in time linear to its length.
/// </summary>
internal sealed class CelParser
{
    // The real server refuses longer rules only by the size of the whole definition (about 1.5 MB); no rule worth reading comes near.
    private const int MaxLength = 100_000;

    // Each level costs a few stack frames of about 200 bytes while parsing and while evaluating: 250 levels stay far below 1 MB.
    private const int MaxDepth = 250;

    private static readonly HashSet<string> Reserved =
    [
        "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    ];

    private readonly string _source;
    private readonly List<CelToken> _tokens;
    private int _next;
    private int _nesting;

    private CelParser(string source)
    {
        _source = source;
        _tokens = new CelLexer(source).Tokens();
    }

    public static CelExpression Parse(string source)
    {
        if (source.Length > MaxLength)
            throw new CelException($"expression code point size exceeds limit: size: {source.Length}, limit {MaxLength}");
        var parser = new CelParser(source);
        var expression = parser.Expression();
        if (parser.Current.Kind != CelTokenKind.End)
            throw parser.Unexpected();
        return expression;
    }

    private CelToken Current => _tokens[_next];

    private CelExpression Expression()
    {
        Enter();
        var condition = Or();
        if (Accept("?") is not { } question)
            return Leave(condition);
        var whenTrue = Or();
        Expect(":");
        return Leave(new CelConditional(condition, whenTrue, Expression(), question.Position));
    }

    private CelExpression Or()
    {
        var terms = new List<CelExpression> { And() };
        while (Accept("||") is not null)
            terms.Add(And());
        return terms.Count == 1 ? terms[0] : Bounded(new CelOr([.. terms], terms[0].Position));
    }

    private CelExpression And()
    {
        var terms = new List<CelExpression> { Relation() };
        while (Accept("&&") is not null)
            terms.Add(Relation());
        return terms.Count == 1 ? terms[0] : Bounded(new CelAnd([.. terms], terms[0].Position));
    }

    private CelExpression Relation()
    {
        var left = Sum();
        while (true)
        {
            var token = Current;
            var isIn = token is { Kind: CelTokenKind.Identifier, Text: "in" };
            if (!isIn && !(token.Kind == CelTokenKind.Symbol && token.Text is "==" or "!=" or "<" or "<=" or ">" or ">="))
                return left;
            _next++;
            left = Call(isIn ? "@in" : token.Text, isMember: false, token.Position, left, Sum());
        }
    }

    private CelExpression Sum()
    {
        var left = Product();
        while (Current.Is("+") || Current.Is("-"))
        {
            var token = _tokens[_next++];
            left = Call(token.Text, isMember: false, token.Position, left, Product());
        }

        return left;
    }

    private CelExpression Product()
    {
        var left = Unary();
        while (Current.Kind == CelTokenKind.Symbol && Current.Text is "*" or "/" or "%")
        {
            var token = _tokens[_next++];
            left = Call(token.Text, isMember: false, token.Position, left, Unary());
        }

        return left;
    }

    private CelExpression Unary()
    {
        var token = Current;
        if (!token.Is("!") && !token.Is("-"))
            return Member();
        var count = 0;
        while (Accept(token.Text) is not null)
            count++;
        // -9223372036854775808 is one literal: its digits alone do not fit.
        if (token.Is("-") && Current.Kind is CelTokenKind.Int or CelTokenKind.Double && count % 2 == 1)
            return Suffixes(NegativeLiteral());
        var operand = Member();
        // An even number of signs cancels out, but the operand must still be of the right type.
        var wraps = count % 2 == 1 ? 1 : 2;
        for (var i = 0; i < wraps; i++)
            operand = Call(token.Is("!") ? "!_" : "-_", isMember: false, token.Position, operand);
        return operand;
    }

    private CelLiteral NegativeLiteral()
    {
        var token = _tokens[_next++];
        if (token.Kind == CelTokenKind.Double)
            return new CelLiteral(-(double)token.Value!, token.Position);
        var magnitude = (ulong)token.Value!;
        if (magnitude > 9223372036854775808UL)
            throw Error(token, "invalid int literal");
        return new CelLiteral(unchecked(-(long)magnitude), token.Position);
    }

    private CelExpression Member() => Suffixes(Primary());

    private CelExpression Suffixes(CelExpression operand)
    {
        while (true)
        {
            if (Accept(".") is { } dot)
                operand = Dotted(operand, dot);
            else if (Accept("[") is { } bracket)
            {
                var isOptional = Accept("?") is not null;
                operand = Bounded(new CelIndex(operand, Expression(), isOptional, bracket.Position));
                Expect("]");
            }
            else
                return operand;
        }
    }

    private CelExpression Dotted(CelExpression operand, CelToken dot)
    {
        var isOptional = Accept("?") is not null;
        var name = Current;
        if (name.Kind != CelTokenKind.Identifier || name.Text is "in" or "true" or "false" or "null")
            throw Unexpected();
        _next++;
        if (isOptional || Accept("(") is null)
            return Bounded(new CelSelect(operand, CelNames.Unescape(name.Text), isTest: false, isOptional, dot.Position));
        return Macro(operand, name) ?? MemberCall(operand, name);
    }

    private CelExpression MemberCall(CelExpression operand, CelToken name)
    {
        var arguments = Arguments(")");
        // sets.contains(a, b) and optional.of(x) are functions of a namespace, not members of a value.
        if (operand is CelIdentifier { Name: "sets" or "optional" } space)
            return Call(space.Name + "." + name.Text, isMember: false, name.Position, arguments);
        return Call(name.Text, isMember: true, name.Position, [operand, .. arguments]);
    }

    private CelComprehension? Macro(CelExpression operand, CelToken name)
    {
        CelMacro? macro = name.Text switch
        {
            "all" => CelMacro.All,
            "exists" => CelMacro.Exists,
            "exists_one" or "existsOne" => CelMacro.ExistsOne,
            "filter" => CelMacro.Filter,
            "map" => CelMacro.Map,
            _ => null,
        };
        if (macro is null)
            return null;
        var arguments = Arguments(")");
        var hasFilter = macro == CelMacro.Map && arguments.Length == 3;
        if (!hasFilter && arguments.Length != 2)
            throw Error(name, $"undeclared reference to '{name.Text}' (in container '')");
        if (arguments[0] is not CelIdentifier variable)
            throw Error(name, "argument must be a simple name");
        return (CelComprehension)Bounded(new CelComprehension(
            macro.Value, operand, variable.Name, arguments[^1], hasFilter ? arguments[1] : null, name.Position));
    }

    private CelExpression Primary()
    {
        var token = Current;
        switch (token.Kind)
        {
            case CelTokenKind.Identifier:
                _next++;
                return Identifier(token);
            case CelTokenKind.Int:
                _next++;
                if ((ulong)token.Value! > long.MaxValue)
                    throw Error(token, "invalid int literal");
                return new CelLiteral((long)(ulong)token.Value, token.Position);
            case CelTokenKind.Uint or CelTokenKind.Double or CelTokenKind.String or CelTokenKind.Bytes:
                _next++;
                return new CelLiteral(token.Value, token.Position);
        }

        if (Accept("(") is not null)
        {
            var inner = Expression();
            Expect(")");
            return inner;
        }

        if (Accept("[") is not null)
            return Bounded(new CelListLiteral(Arguments("]"), token.Position));
        if (Accept("{") is not null)
            return Bounded(new CelMapLiteral(MapEntries(), token.Position));
        throw Unexpected();
    }

    private CelExpression Identifier(CelToken token)
    {
        switch (token.Text)
        {
            case "true" or "false":
                return new CelLiteral(token.Text == "true", token.Position);
            case "null":
                return new CelLiteral(null, token.Position);
            case "in":
                _next--;
                throw Unexpected();
        }

        if (Reserved.Contains(token.Text))
            throw Error(token, $"reserved identifier: {token.Text}");
        if (Accept("(") is null)
            return new CelIdentifier(token.Text, token.Position);
        var arguments = Arguments(")");
        if (token.Text != "has")
            return Call(token.Text, isMember: false, token.Position, arguments);
        return arguments is [CelSelect { IsTest: false, IsOptional: false } select]
            ? Bounded(new CelSelect(select.Operand, select.Field, isTest: true, isOptional: false, token.Position))
            : throw Error(token, "invalid argument to has() macro");
    }

    private CelExpression[] Arguments(string close)
    {
        var arguments = new List<CelExpression>();
        while (Accept(close) is null)
        {
            if (arguments.Count > 0)
            {
                Expect(",");
                // A trailing comma is allowed in lists.
                if (close == "]" && Accept(close) is not null)
                    break;
            }

            arguments.Add(Expression());
        }

        return [.. arguments];
    }

    private CelExpression[] MapEntries()
    {
        var entries = new List<CelExpression>();
        while (Accept("}") is null)
        {
            if (entries.Count > 0)
            {
                Expect(",");
                if (Accept("}") is not null)
                    break;
            }

            entries.Add(Expression());
            Expect(":");
            entries.Add(Expression());
        }

        return [.. entries];
    }

    private CelExpression Call(string function, bool isMember, int position, params CelExpression[] arguments)
    {
        try
        {
            return Bounded(new CelCall(function, isMember, arguments, position));
        }
        catch (CelException e) when (!e.Message.StartsWith("ERROR", StringComparison.Ordinal))
        {
            throw CelSource.Error(_source, position, e.Message);
        }
    }

    private CelExpression Bounded(CelExpression node) =>
        node.Depth <= MaxDepth ? node : throw CelSource.Error(_source, node.Position, $"expression recursion limit exceeded: {MaxDepth}");

    private void Enter()
    {
        if (++_nesting > MaxDepth)
            throw Error(Current, $"expression recursion limit exceeded: {MaxDepth}");
    }

    private CelExpression Leave(CelExpression node)
    {
        _nesting--;
        return Bounded(node);
    }

    private CelToken? Accept(string symbol) => Current.Is(symbol) ? _tokens[_next++] : null;

    private void Expect(string symbol)
    {
        if (Accept(symbol) is null)
            throw Unexpected();
    }

    private CelException Unexpected() => Error(Current, Current.Kind == CelTokenKind.End
        ? "Syntax error: mismatched input '<EOF>'"
        : $"Syntax error: unexpected input '{(Current.Text.Length > 0 ? Current.Text : "literal")}'");

    private CelException Error(CelToken token, string message) => CelSource.Error(_source, token.Position, message);
}
