using System.CommandLine;
using System.Globalization;
using Ops.Rca.Sources;
using Ops.Rca.Sources.Prometheus;

namespace Ops.Rca.Tool;

/// <summary><c>./ops rca --prometheus URL --last 30m</c>: the metrics of a server instead of a file.</summary>
internal sealed class PrometheusVerb
{
    // A day at 15 s are 5,760 rows; more is no incident but a history.
    private static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    private readonly Option<string?> url = new("--prometheus") { HelpName = "url", Description = "Read the metrics from this Prometheus server (or one that speaks its API)" };
    private readonly Option<string> last = new("--last") { HelpName = "time", DefaultValueFactory = _ => "30m", Description = "With --prometheus: how far back, such as 30m or 2h" };
    private readonly Option<string?> selector = new("--selector") { HelpName = "matchers", Description = "With --prometheus: only series with these labels, such as '{namespace=\"shop\"}'" };
    private readonly Option<string?> step = new("--step") { HelpName = "time", Description = "With --prometheus: between two samples, such as 15s. Default: as often as the server scrapes" };
    private readonly Option<string?> services = new("--service-labels") { HelpName = "labels", Description = "With --prometheus: labels that name a series' service, the first that is there wins, such as app,job" };
    private readonly Option<string?> peers = new("--peer-labels") { HelpName = "labels", Description = "With --prometheus: labels by which a caller's metric names the called service" };
    private readonly Option<string?> token = new("--token-file") { HelpName = "file", Description = "With --prometheus: file that holds a bearer token" };

    /// <summary>Adds the options.</summary>
    public static PrometheusVerb AddTo(RootCommand root)
    {
        var verb = new PrometheusVerb();
        foreach (var option in (Option[])[verb.url, verb.last, verb.selector, verb.step, verb.services, verb.peers, verb.token])
            root.Add(option);
        return verb;
    }

    /// <summary>The incident as the server's metrics show it; null if none was asked for.</summary>
    /// <exception cref="BadInputException">An option is wrong, or there is nothing to analyse.</exception>
    /// <exception cref="SourceException">The server cannot be read.</exception>
    public async Task<Incident?> ReadAsync(ParseResult parsed, bool hasPath, TimeProvider time, CancellationToken cancellationToken)
    {
        if (parsed.GetValue(url) is not { } address)
            return null;
        if (hasPath)
            throw new BadInputException("Give a file or folder, or --prometheus URL, not both.");
        if (!Uri.TryCreate(address, UriKind.Absolute, out var server))
            throw new BadInputException($"--prometheus {address} is not a URL such as http://127.0.0.1:9090.");
        var mapping = new LabelMapping();
        mapping = mapping with { Service = List(parsed.GetValue(services)) ?? mapping.Service, Peer = List(parsed.GetValue(peers)) ?? mapping.Peer };
        var options = new PrometheusOptions { Url = server, StepSeconds = Duration("--step", parsed.GetValue(step))?.TotalSeconds, TokenFile = parsed.GetValue(token) };
        if (parsed.GetValue(selector) is { } matchers)
            options = options with { Selector = matchers };
        var back = Duration("--last", parsed.GetValue(last)) ?? TimeSpan.Zero;
        if (back > Longest)
            throw new BadInputException($"--last {parsed.GetValue(last)} is more than {Longest.TotalHours:0} h; an incident is found best in the half hour around it.");
        using var source = new PrometheusSource(options, back);
        var rounds = await source.ReadAsync(time.GetUtcNow(), cancellationToken);
        var (table, calls, notes) = SignalTable.Of(rounds, mapping);
        return new Incident { Name = address, Observed = table, Calls = calls, Notes = [$"{table.Metrics.Count} metrics of {table.Metrics.Select(metric => metric.Service).Distinct().Count()} services, every {source.StepSeconds:0.#} s.", .. source.Notes, .. notes] };
    }

    private static string[]? List(string? text) => text?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    // 90s, 30m, 2h; Go's mixtures such as 1m30s are not worth a parser here.
    private static TimeSpan? Duration(string option, string? text)
    {
        if (text is null)
            return null;
        var unit = text.Length > 1 ? text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => 0 } : 0;
        return unit > 0 && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number > 0 && number * unit < TimeSpan.MaxValue.TotalSeconds
            ? TimeSpan.FromSeconds(number * unit)
            : throw new BadInputException($"{option} {text} is not a time such as 15s, 30m or 2h.");
    }
}
