namespace Ops.Rca.Tests;

/// <summary>A small shop at 1 Hz: frontend calls cart and catalog, cart calls db. All randomness from the seed.</summary>
internal static class Synthetic
{
    public static readonly string[] Services = ["frontend", "cart", "catalog", "db", "mail"];
    public static readonly CallEdge[] Calls = [new("frontend", "cart"), new("frontend", "catalog"), new("cart", "db"), new("frontend", "mail")];
    public const double Begin = 1_700_000_000;

    /// <summary>
    /// db's cpu rises at the onset and so do, more and more diluted, the latencies of db, cart and frontend. With
    /// strength 0 nothing happens.
    /// </summary>
    public static Incident Shop(int seed, int rows = 600, int onsetRow = 400, double strength = 1, double step = 1)
    {
        var random = new Random(seed);
        var metrics = new List<Metric>();
        var columns = new List<double[]>();
        foreach (var service in Services)
            foreach (var name in new[] { "cpu", "latency", "workload" })
            {
                var shift = strength * (service, name) switch { ("db", "cpu") => 30, ("db", "latency") => 12, ("cart", "latency") => 8, ("frontend", "latency") => 5, _ => 0 };
                var level = random.Next(10, 50);
                metrics.Add(new Metric(service, name, MetricKinds.FromName(name)));
                columns.Add([.. Enumerable.Range(0, rows).Select(row => level + Gauss(random) + (row >= onsetRow ? shift : 0))]);
            }

        return new Incident
        {
            Name = $"seed {seed}",
            Observed = new MetricTable([.. Enumerable.Range(0, rows).Select(row => Begin + (row * step))], metrics, [.. columns]),
            Calls = Calls,
            Onset = Begin + (onsetRow * step),
        };
    }

    /// <summary>The same incident with its columns in another order and its services under other names.</summary>
    public static Incident Permuted(Incident incident, int[] order, Func<string, string> rename)
    {
        var table = incident.Observed;
        return incident with
        {
            Observed = new MetricTable(
                table.Times,
                [.. order.Select(m => table.Metrics[m] with { Service = rename(table.Metrics[m].Service) })],
                [.. order.Select(m => table.Columns[m])]),
            Calls = [.. incident.Calls.Reverse().Select(edge => new CallEdge(rename(edge.Caller), rename(edge.Callee)))],
        };
    }

    public static double Gauss(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
