using System.Globalization;
using Ops.Api;
using Ops.Rca.Service.Incidents;
using Ops.Rca.Service.Tests;

namespace Ops.Bench.Incidents;

/// <summary>
/// What the root-cause service costs at 5,000 series, and how it does on the small world of its tests: false alarms a day
/// while nothing is wrong, rounds until a fault is an incident, how often the incident names it, and whether one fault is
/// one incident; and, as its part "live", how faults of a running shop are named. The world's noise is 10 % with a tail, tamer than production's: read the rates as an upper bound of quality.
/// </summary>
internal sealed class IncidentsBench : IBench
{
    private const string Simulated = "simulated";

    private static readonly string[] Faulty = ["db", "cart", "catalog", "store"];

    /// <inheritdoc/>
    public string Name => "incidents";

    /// <inheritdoc/>
    public string Summary => "The root-cause service: cost at 5,000 series, false alarms a day, rounds to detection";

    /// <inheritdoc/>
    public async Task RunAsync(BenchContext context, CancellationToken cancellation)
    {
        if (context.Part is not (null or Simulated or LiveNaming.Part))
            throw new BenchCannotRunException($"there is no part {context.Part}; the parts are {Simulated} and {LiveNaming.Part}");
        if (context.Part is null or Simulated)
        {
            Quiet(context, cancellation);
            Faults(context, cancellation);
            Pairs(context, cancellation);
            await ServiceCost.MeasureAsync(context, cancellation);
        }

        // Ten faults with the calm between them take three quarters of an hour: only where they are asked for.
        if (context.Part == LiveNaming.Part)
            await LiveNaming.RunAsync(context, cancellation);
    }

    private static void Quiet(BenchContext context, CancellationToken cancellation)
    {
        var days = context.Quick ? 2 : 14;
        var opened = new List<TrackedIncident>();
        for (var day = 0; day < days; day++)
        {
            cancellation.ThrowIfCancellationRequested();
            var world = new World(1000 + day, step: 15);
            // Load goes up and down by half over the day, as people do.
            for (var round = 0; round < 5760; round++)
            {
                world.Load = 1 + (0.5 * Math.Sin(2 * Math.PI * round / 5760));
                world.Run(1);
            }

            opened.AddRange(world.Opened);
        }

        context.Say($"{days} quiet days: {opened.Count} false alarms");
        context.Figures.Add("quiet_days", days, "d", "simulated at 15 s, 6 services, load between half and one and a half");
        context.Figures.Add("false_alarms_per_day", opened.Count(incident => incident.Type == IncidentTypes.Performance) / (double)days, "1/d", "performance incidents while nothing was wrong");
        context.Figures.Add("security_false_alarms_per_day", opened.Count(incident => incident.Type == IncidentTypes.Security) / (double)days, "1/d", "security incidents while nothing was wrong");
    }

    // Two slow services with a common caller, at the same moment.
    private static void Pairs(BenchContext context, CancellationToken cancellation)
    {
        var (apart, seeds) = (0, context.Quick ? 10 : 100);
        for (var seed = 1; seed <= seeds; seed++)
        {
            cancellation.ThrowIfCancellationRequested();
            var world = new World(seed);
            world.Run(240);
            world.Slower["db"] = 0.1;
            world.Slower["cart"] = 0.1;
            world.RunAndAnalyse(40);
            apart += world.Opened.Count == 2 && world.Opened.Select(world.Ranked).Order(StringComparer.Ordinal).SequenceEqual(["cart", "db"]) ? 1 : 0;
        }

        context.Figures.Add("two_at_once_apart", apart / (double)seeds, "", $"share of {seeds} pairs of faults at once that become two incidents, each with its cause first");
    }

    private static void Faults(BenchContext context, CancellationToken cancellation)
    {
        var (rounds, named, single, suspected, seeds) = (new List<double>(), 0, 0, 0, context.Quick ? 20 : 200);
        for (var seed = 1; seed <= seeds; seed++)
        {
            cancellation.ThrowIfCancellationRequested();
            var world = new World(seed, step: 15);
            world.Run(240);
            var service = Faulty[seed % Faulty.Length];
            world.Slower[service] = 0.1;
            var waited = 0;
            while (world.Opened.Count == 0 && waited++ < 20)
                world.Run(1);
            rounds.Add(world.Opened.Count > 0 ? waited : double.PositiveInfinity);
            if (world.Opened.Count > 0)
            {
                world.Run(2);
                named += world.Ranked(world.Opened[0]) == service ? 1 : 0;
            }

            world.Run(40);
            single += world.Opened.Count == 1 ? 1 : 0;
            suspected += world.Opened.Exists(incident => incident.Type == IncidentTypes.Security) ? 1 : 0;
        }

        rounds.Sort();
        context.Say(string.Create(CultureInfo.InvariantCulture, $"{seeds} faults: {named} named, {single} with one incident"));
        context.Figures.Add("detect_rounds_p50", rounds[rounds.Count / 2], "", "scrape intervals from a service's own slowness of 100 ms to its incident");
        context.Figures.Add("detect_rounds_p95", rounds[(int)(0.95 * (rounds.Count - 1))], "", "the same");
        context.Figures.Add("named", named / (double)seeds, "", "share in which the slow service is first, two rounds later");
        context.Figures.Add("one_incident", single / (double)seeds, "", "share in which ten minutes of it are one incident");
        context.Figures.Add("security_false_alarms_in_faults", suspected / (double)seeds, "", "share of those faults that are taken for a misbehaving workload as well");
    }
}
