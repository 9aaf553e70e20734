using System.Globalization;
using Ops.Cli.Terminal;
using Ops.Load;
using Spectre.Console;

namespace Ops.Cli.Load;

/// <summary>The report of a replay as tables for people.</summary>
internal static class LoadTable
{
    // The most frequent problems; the rest is in the sum of failed and rejected.
    private const int ShownProblems = 5;

    public static void Print(Screen screen, LoadReport report)
    {
        screen.Line();
        if (report.Cancelled)
            screen.Line($"Interrupted after {Durations.Show(report.Elapsed.TotalSeconds)}; {report.Abandoned} requests were abandoned.");
        screen.Widget(Counts(report));
        screen.Widget(Times(report));
        if (!report.Variants.IsEmpty)
            screen.Widget(Variants(report));
        foreach (var problem in report.Problems.Take(ShownProblems))
            screen.Line($"{problem.Count} x {problem.Message}");
    }

    private static Table Counts(LoadReport report)
    {
        var table = Plain("sent", "answered", "rejected", "failed", "goodput", "J/request", "tokens in", "tokens out", "time");
        table.AddRow(
            Number(report.Sent),
            Number(report.Answered),
            Number(report.Rejected),
            Number(report.Failed),
            string.Create(CultureInfo.InvariantCulture, $"{report.GoodputPerSecond:0.00}/s ({Share(report.Good, report.Sent)})"),
            report.JoulesPerRequest is { } joules ? joules.ToString("0", CultureInfo.InvariantCulture) : "not measured",
            Number(report.PromptTokens),
            Number(report.CompletionTokens),
            Durations.Show(report.Elapsed.TotalSeconds));
        if (report.Dropped > 0)
            table.Caption($"{Number(report.Dropped)} more were due and not sent: too many were under way.");
        return table;
    }

    private static Table Times(LoadReport report)
    {
        var table = Plain("", "p50", "p95", "p99", "max");
        Row("TTFT", report.TimeToFirstToken);
        Row("TPOT", report.TimePerOutputToken);
        Row("end to end", report.EndToEnd);
        Row("generator lag", report.GeneratorLag);
        table.Caption(string.Create(CultureInfo.InvariantCulture,
            $"goodput: TTFT <= {report.Objective.TimeToFirstToken.TotalSeconds:0.###} s and TPOT <= {report.Objective.TimePerOutputToken.TotalMilliseconds:0.#} ms"));
        return table;

        void Row(string name, Percentiles times) => table.AddRow(
            name, Durations.Show(times.P50), Durations.Show(times.P95), Durations.Show(times.P99), Durations.Show(times.Max));
    }

    private static Table Variants(LoadReport report)
    {
        var table = Plain("variant", "answered", "share", "TTFT p50", "TTFT p95", "TPOT p50", "TPOT p95");
        foreach (var variant in report.Variants)
            table.AddRow(
                Markup.Escape(variant.Variant),
                Number(variant.Answered),
                string.Create(CultureInfo.InvariantCulture, $"{variant.Share:P1}"),
                Durations.Show(variant.TimeToFirstToken.P50),
                Durations.Show(variant.TimeToFirstToken.P95),
                Durations.Show(variant.TimePerOutputToken.P50),
                Durations.Show(variant.TimePerOutputToken.P95));
        return table;
    }

    private static Table Plain(params string[] columns)
    {
        var table = new Table { Border = TableBorder.Simple };
        for (var index = 0; index < columns.Length; index++)
        {
            var column = new TableColumn(columns[index]) { NoWrap = true };
            table.AddColumn(index == 0 && columns[0] is "" or "variant" ? column : column.RightAligned());
        }

        return table;
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Share(long part, long whole) =>
        whole == 0 ? "-" : ((double)part / whole).ToString("P1", CultureInfo.InvariantCulture);
}
