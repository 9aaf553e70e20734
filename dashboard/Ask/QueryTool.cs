using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Ops.Dashboard.Cluster;
using Ops.Dashboard.Metrics;
using Ops.Dashboard.WhatIf;
using Ops.Llm;

namespace Ops.Dashboard.Ask;

/// <summary>What a query may look at: what the viewer's own rights have listed, and figures of exactly that.</summary>
/// <param name="Cluster">The viewer's snapshot.</param>
/// <param name="Metrics">Figures of everybody; a query reads only those of objects in the snapshot.</param>
/// <param name="Desk">The simulator.</param>
/// <param name="Now">The moment of the question.</param>
internal sealed record QueryScope(ClusterSnapshot Cluster, MetricStore Metrics, WhatIfDesk Desk, DateTimeOffset Now);

/// <summary>Rows of a query.</summary>
/// <param name="Columns">Their names.</param>
/// <param name="Rows">Cells as text, cleaned and cut.</param>
/// <param name="Total">How many there are; more than <paramref name="Rows"/> where some were left off.</param>
/// <param name="Note">What has to be known beside them, or why there are none.</param>
internal sealed record QueryResult(ImmutableArray<string> Columns, ImmutableArray<ImmutableArray<string>> Rows, int Total, string Note = "")
{
    /// <summary>Most rows of a result.</summary>
    public const int MostRows = 30;

    // Reasons and messages are a sentence or two.
    private const int MostCell = 240;

    // 30 rows of six cells of usual length; 12 such results are 32,000 tokens.
    private const int MostCharacters = 8_000;

    /// <summary>A result without rows that says why.</summary>
    public static QueryResult Nothing(string why) => new([], [], 0, TaintedText.Clean(why, MostCell));

    /// <summary>A result of what was found; cells are cleaned and cut here, whatever they came from.</summary>
    public static QueryResult Of(IReadOnlyList<string> columns, IReadOnlyCollection<string?[]> rows, string note = "")
    {
        var (told, left) = (ImmutableArray.CreateBuilder<ImmutableArray<string>>(), MostCharacters);
        foreach (var row in rows.Take(MostRows))
        {
            var cells = row.Select(cell => TaintedText.Clean(cell, MostCell)).ToImmutableArray();
            left -= cells.Sum(cell => cell.Length);
            if (left < 0)
                break;
            told.Add(cells);
        }

        return new([.. columns], told.ToImmutable(), rows.Count, TaintedText.Clean(note, MostCell));
    }

    /// <summary>The result as a model reads it: data in JSON, every character outside ASCII escaped.</summary>
    public JsonObject ToJson() => new()
    {
        ["columns"] = new JsonArray([.. Columns.Select(column => (JsonNode)column)]),
        ["rows"] = new JsonArray([.. Rows.Select(row => (JsonNode)new JsonArray([.. row.Select(cell => (JsonNode)cell)]))]),
        ["total"] = Total,
        ["note"] = Note,
    };
}

/// <summary>One argument of a query.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Hint">What it means.</param>
/// <param name="IsNeeded">Whether a query without it is refused.</param>
internal sealed record QueryParameter(string Name, string Hint, bool IsNeeded = false)
{
    /// <summary>The values that it may have; empty for any text or number.</summary>
    public ImmutableArray<string> OneOf { get; init; } = [];

    /// <summary>Its bounds, where it is a number.</summary>
    public (double Least, double Most)? Bounds { get; init; }
}

/// <summary>A query that a model may make: read-only, typed, bounded. The list of them is closed.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Summary">What it answers.</param>
/// <param name="Parameters">Its arguments.</param>
/// <param name="RunAsync">Answers it.</param>
internal sealed record QueryTool(string Name, string Summary, ImmutableArray<QueryParameter> Parameters, Func<QueryScope, QueryArguments, CancellationToken, Task<QueryResult>> RunAsync)
{
    /// <summary>Most characters of a text.</summary>
    public const int MostText = 253;

    /// <summary>The tool as it is offered.</summary>
    public ChatToolSchema Schema() => new(Name, Summary, new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject(Parameters.Select(parameter => KeyValuePair.Create(parameter.Name, (JsonNode?)Describe(parameter)))),
        ["required"] = new JsonArray([.. Parameters.Where(parameter => parameter.IsNeeded).Select(parameter => (JsonNode)parameter.Name)]),
        ["additionalProperties"] = false,
    });

    private static JsonObject Describe(QueryParameter parameter)
    {
        var result = new JsonObject { ["type"] = parameter.Bounds is null ? "string" : "number", ["description"] = parameter.Hint };
        if (parameter.Bounds is var (least, most))
            (result["minimum"], result["maximum"]) = (least, most);
        else if (parameter.OneOf.Length > 0)
            result["enum"] = new JsonArray([.. parameter.OneOf.Select(value => (JsonNode)value)]);
        else
            result["maxLength"] = MostText;
        return result;
    }
}
