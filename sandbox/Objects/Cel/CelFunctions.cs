namespace Ops.Sandbox.Objects.Cel;

/// <summary>One overload family: takes evaluated arguments (receiver first), returns a value or a <see cref="CelError"/>.</summary>
internal delegate object? CelFunction(object?[] arguments, CelScope scope);

/// <summary>The functions and operators that rules may use, by name, call style and number of arguments.</summary>
internal static class CelFunctions
{
    private static readonly Dictionary<(string Name, bool IsMember, int Arity), CelFunction> Table = Build();

    private static readonly Dictionary<string, CelType> Types = new[]
        {
            "bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type",
            "google.protobuf.Duration", "google.protobuf.Timestamp",
        }
        .ToDictionary(t => t, t => new CelType(t), StringComparer.Ordinal);

    /// <param name="name">Function or operator.</param>
    /// <param name="isMember">True for <c>x.f(…)</c>.</param>
    /// <param name="arity">Number of arguments, the receiver included.</param>
    public static CelFunction? Find(string name, bool isMember, int arity) => Table.GetValueOrDefault((name, isMember, arity));

    public static CelType? TypeNamed(string name) => Types.GetValueOrDefault(name);

    private static Dictionary<(string, bool, int), CelFunction> Build()
    {
        var table = new Dictionary<(string, bool, int), CelFunction>();
        CelOperators.AddTo(table);
        CelConversions.AddTo(table);
        CelStrings.AddTo(table);
        CelLists.AddTo(table);
        CelTimes.AddTo(table);
        CelQuantities.AddTo(table);
        return table;
    }
}

internal static class CelFunctionTable
{
    public static void Function(this Dictionary<(string, bool, int), CelFunction> table, string name, int arity, CelFunction function) =>
        table[(name, false, arity)] = function;

    public static void Member(this Dictionary<(string, bool, int), CelFunction> table, string name, int arity, CelFunction function) =>
        table[(name, true, arity)] = function;
}
