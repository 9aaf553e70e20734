using System.Text.Json;
using Spectre.Console;

namespace Ops.Rca.Tool;

/// <summary>A folder of labelled cases: one line a case, then the accuracy of each method.</summary>
internal static class FolderReport
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static void Run(IReadOnlyList<LabelledIncident> cases, IMethod? method, FileInfo? json)
    {
        var evaluations = (method is null ? RootCauseAnalysis.Methods : [method]).Select(each => Evaluation.Of(each, cases)).ToArray();
        foreach (var answer in evaluations[0].Answers)
            Console.WriteLine($"{answer.Case}: {answer.Truth} is {Place(answer.Place)}{(answer.Place.First == 1 ? "" : $", first is {answer.Top}")}");
        Print("service", evaluations, evaluation => evaluation.Service);
        if (evaluations[0].Metric.Cases > 0)
            Print("metric", evaluations, evaluation => evaluation.Metric);
        if (json is not null)
            File.WriteAllText(json.FullName, JsonSerializer.Serialize(evaluations.Select(evaluation => new
            {
                evaluation.Method,
                evaluation.Service,
                evaluation.Metric,
                evaluation.SecondsPerCase,
                Cases = evaluation.Answers.Select(answer => new { answer.Case, answer.Truth, answer.Place.First, answer.Place.Last, answer.Top }),
            }), Indented));
    }

    private static string Place((int First, int Last) place) =>
        place.First == int.MaxValue ? "no candidate" : place.First == place.Last ? $"number {place.First}" : $"number {place.First} to {place.Last}";

    private static void Print(string level, IReadOnlyList<Evaluation> evaluations, Func<Evaluation, Accuracy> accuracy)
    {
        var table = new Table().Title($"{accuracy(evaluations[0]).Cases} cases, {level} level").AddColumns("method", "AC@1", "AC@3", "AC@5", "Avg@5", "95 %", "s a case");
        foreach (var evaluation in evaluations)
        {
            var found = accuracy(evaluation);
            table.AddRow(evaluation.Method, $"{found.At1:0.00}", $"{found.At3:0.00}", $"{found.At5:0.00}", $"{found.Average5:0.00}",
                $"{found.Low:0.00} to {found.High:0.00}", $"{evaluation.SecondsPerCase:0.0000}");
        }

        AnsiConsole.Write(table);
    }
}
