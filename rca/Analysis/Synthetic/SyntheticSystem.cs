namespace Ops.Rca;

/// <summary>What a simulated system is like.</summary>
public sealed record SyntheticOptions
{
    /// <summary>Services, each with one latency; 10 to 200.</summary>
    public int Services { get; init; } = 20;

    /// <summary>Rows, one a second.</summary>
    public int Rows { get; init; } = 600;

    /// <summary>True for influences that saturate, begin at a threshold, or count in both directions; false for straight ones.</summary>
    public bool NonLinear { get; init; }

    /// <summary>Load surges, periodic jobs, collinear metrics, missing data and clock skew.</summary>
    public bool Confounders { get; init; } = true;
}

/// <summary>
/// A simulated system whose influences are known: an acyclic call graph in which a callee's latency influences its caller
/// one to three seconds later. For measuring how well the edges are found; not a model of any real system.
/// </summary>
public sealed class SyntheticSystem
{
    private const int LongestLag = 3;
    private const double Begin = 1_700_000_000;

    private SyntheticSystem(MetricTable table, IReadOnlyList<(int Cause, int Effect, int Lag)> influences, IReadOnlyList<CallEdge> calls) =>
        (Table, Influences, Calls) = (table, influences, calls);

    /// <summary>The latencies of the services first, in the order of their numbers; then what confounds.</summary>
    public MetricTable Table { get; }

    /// <summary>Service by number, influenced service, lag in seconds.</summary>
    public IReadOnlyList<(int Cause, int Effect, int Lag)> Influences { get; }

    /// <summary>Who calls whom: against the influences.</summary>
    public IReadOnlyList<CallEdge> Calls { get; }

    /// <summary>Everything from the seed.</summary>
    public static SyntheticSystem Create(SyntheticOptions options, int seed)
    {
        var random = new Random(seed);
        // Names tell nothing of the place in the graph.
        var names = Enumerable.Range(0, options.Services).Select(i => $"s{i:000}").ToArray();
        random.Shuffle(names);
        var influences = Influence(options.Services, random);
        var load = Surges(options.Rows, random);
        var latencies = Simulate(options, influences, load, random);
        var metrics = names.Select(name => new Metric(name, "latency", MetricKind.Latency)).ToList();
        var columns = latencies.ToList();
        if (options.Confounders)
            Confound(names, load, metrics, columns, random);
        return new SyntheticSystem(
            new MetricTable([.. Enumerable.Range(0, options.Rows).Select(row => Begin + row)], metrics, [.. columns]),
            influences,
            [.. influences.Select(edge => new CallEdge(names[edge.Effect], names[edge.Cause]))]);
    }

    /// <summary>
    /// How well a test's statistic tells the influences from the other ordered pairs of services: the chance that a true one
    /// has the higher statistic (area under the ROC curve, ties half).
    /// </summary>
    public double EdgeRecovery(IEdgeTest test)
    {
        var services = Influences.Select(edge => Math.Max(edge.Cause, edge.Effect)).Max() + 1;
        var series = EvenSeries.From(Table, [.. Enumerable.Range(0, Table.Metrics.Count)], out _)
            ?? throw new InvalidOperationException("A simulated system has rows enough.");
        var scores = test.Test(series);
        // A series without variance is left out of the test, so places are found by name.
        var place = series.Metrics.Select((metric, i) => (metric, i)).ToDictionary(pair => pair.metric, pair => pair.i);
        var truth = Influences.Select(edge => (edge.Cause, edge.Effect)).ToHashSet();
        var pairs = new List<(double Score, bool True)>();
        for (var effect = 0; effect < services; effect++)
            for (var cause = 0; cause < services; cause++)
                if (cause != effect && place.TryGetValue(Table.Metrics[effect], out var e) && place.TryGetValue(Table.Metrics[cause], out var c))
                    pairs.Add((scores.Statistic[e, c], truth.Contains((cause, effect))));
        var ranks = Statistics.MidRanks([.. pairs.Select(pair => pair.Score)]);
        double positives = pairs.Count(pair => pair.True), negatives = pairs.Count - positives;
        return (pairs.Select((pair, i) => pair.True ? ranks[i] : 0).Sum() - (positives * (positives + 1) / 2)) / (positives * negatives);
    }

    // A tree plus a few more edges: service i is called by one or two with a smaller number.
    private static List<(int Cause, int Effect, int Lag)> Influence(int services, Random random) =>
        [.. Enumerable.Range(1, services - 1)
            .SelectMany(cause => Enumerable.Range(0, random.NextDouble() < 0.3 ? 2 : 1).Select(_ => (Cause: cause, Effect: random.Next(Math.Max(0, cause - 8), cause))).Distinct())
            .Select(edge => (edge.Cause, edge.Effect, random.Next(1, LongestLag + 1)))];

    private static double[] Surges(int rows, Random random)
    {
        var load = new double[rows];
        for (var surge = 0; surge < rows / 120; surge++)
        {
            var (start, length, height) = (random.Next(rows), random.Next(10, 40), 1 + (2 * random.NextDouble()));
            for (var row = start; row < Math.Min(rows, start + length); row++)
                load[row] += height * Math.Sin(Math.PI * (row - start) / length);
        }

        return load;
    }

    private static double[][] Simulate(SyntheticOptions options, List<(int Cause, int Effect, int Lag)> influences, double[] load, Random random)
    {
        var noise = Enumerable.Range(0, options.Services).Select(_ => new double[options.Rows]).ToArray();
        var memory = Enumerable.Range(0, options.Services).Select(_ => 0.3 + (0.4 * random.NextDouble())).ToArray();
        var weights = influences.Select(_ => 0.5 + (0.4 * random.NextDouble())).ToArray();
        var forms = influences.Select(_ => options.NonLinear ? random.Next(3) : -1).ToArray();
        var surging = Enumerable.Range(0, options.Services).Select(_ => options.Confounders ? (Weight: random.NextDouble(), Lag: random.Next(LongestLag + 1)) : (Weight: 0, Lag: 0)).ToArray();
        var jobs = Enumerable.Range(0, options.Services).Select(_ => options.Confounders && random.NextDouble() < 0.2 ? random.Next(LongestLag + 1) : -1).ToArray();
        for (var row = 0; row < options.Rows; row++)
        {
            for (var service = 0; service < options.Services; service++)
            {
                noise[service][row] = Gauss(random) + (row > 0 ? memory[service] * noise[service][row - 1] : 0)
                    + (surging[service].Weight * load[Math.Max(0, row - surging[service].Lag)])
                    // One job every minute, seen by some services with their own delay.
                    + (jobs[service] >= 0 && (row - jobs[service] + 60) % 60 < 4 ? 2 : 0);
            }

            for (var i = 0; i < influences.Count; i++)
            {
                var (cause, effect, lag) = influences[i];
                if (row >= lag)
                    noise[effect][row] += weights[i] * Shaped(noise[cause][row - lag], forms[i]);
            }
        }

        return noise;
    }

    // Straight; saturating; beginning at a threshold (a queue); counting in both directions (a deviation either way costs).
    private static double Shaped(double value, int form) => form switch
    {
        0 => 1.5 * Math.Tanh(1.5 * value),
        1 => 1.5 * Math.Max(0, value - 0.8),
        2 => Math.Abs(value) - 1,
        _ => value,
    };

    private static void Confound(string[] names, double[] load, List<Metric> metrics, List<double[]> columns, Random random)
    {
        metrics.Add(new Metric("entry", "workload", MetricKind.Load));
        columns.Add([.. load.Select(value => value + (0.2 * Gauss(random)))]);
        for (var i = 0; i < names.Length; i++)
        {
            // A second percentile of the same latency, a gap of some rows, single missing values, and a clock one row late.
            if (random.NextDouble() < 0.2)
            {
                var source = columns[i];
                metrics.Add(new Metric(names[i], "latency p99", MetricKind.Latency));
                columns.Add([.. source.Select(value => (1.3 * value) + (0.3 * Gauss(random)))]);
            }

            if (random.NextDouble() < 0.1)
                columns[i] = [columns[i][0], .. columns[i][..^1]];
            if (random.NextDouble() < 0.2)
                Array.Fill(columns[i], double.NaN, random.Next(columns[i].Length - 10), 10);
            for (var row = 0; row < columns[i].Length; row++)
                if (random.NextDouble() < 0.02)
                    columns[i][row] = double.NaN;
        }
    }

    private static double Gauss(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
