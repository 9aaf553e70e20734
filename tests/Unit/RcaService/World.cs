using Ops.Rca.Service.Incidents;
using Ops.Rca.Sources;

namespace Ops.Rca.Service.Tests;

/// <summary>A small shop made of numbers: web calls cart and catalog, catalog calls db; jobs stands apart. Requests, latencies and processor time follow from what a test sets.</summary>
internal sealed class World
{
    private static readonly (string Caller, string Callee)[] Calls = [("web", "cart"), ("web", "catalog"), ("catalog", "db"), ("jobs", "store")];
    private static readonly string[] Services = ["web", "cart", "catalog", "db", "jobs", "store"];

    private readonly Random random;
    private readonly Dictionary<string, RawSeries> series = [];
    private readonly Dictionary<string, double> counters = [];

    public World(int seed = 1, double step = 5)
    {
        (random, Step) = (new Random(seed), step);
        Monitor = new Monitor(step, new());
    }

    public double Step { get; }

    public Monitor Monitor { get; set; }

    public double Now { get; set; } = 1_700_000_000;

    /// <summary>Seconds that a service's own work takes beyond normal.</summary>
    public Dictionary<string, double> Slower { get; } = [];

    /// <summary>Seconds that are lost between two services.</summary>
    public Dictionary<(string, string), double> Lost { get; } = [];

    /// <summary>Processor cores that a service burns beyond normal.</summary>
    public Dictionary<string, double> Burns { get; } = [];

    /// <summary>Bytes a second that a service sends beyond what its requests need.</summary>
    public Dictionary<string, double> Sends { get; } = [];

    /// <summary>Processes that a service runs beside its own.</summary>
    public Dictionary<string, int> Spawned { get; } = [];

    /// <summary>Calls of a service to peers that it has no business with.</summary>
    public List<(string Service, string Peer)> Strange { get; } = [];

    /// <summary>Requests a second against normal.</summary>
    public double Load { get; set; } = 1;

    /// <summary>Every incident that was opened so far.</summary>
    public List<TrackedIncident> Opened { get; } = [];

    /// <summary>Lets time pass.</summary>
    public IReadOnlyList<TrackedIncident> Run(int rounds)
    {
        var changed = new List<TrackedIncident>();
        for (var i = 0; i < rounds; i++)
        {
            Now += Step;
            changed.AddRange(Monitor.Take(Round()));
        }

        Opened.AddRange(changed.Where(incident => incident.Resolved is null));
        return changed;
    }

    /// <summary>Lets time pass, and ranks and parts incidents when it is due, as the service does.</summary>
    public void RunAndAnalyse(int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            Run(1);
            foreach (var incident in Monitor.Due(Now))
                if (Monitor.InputOf(incident) is { } input)
                    Opened.AddRange(Monitor.Part(incident, IncidentAnalyst.Run(input, Monitor.Moved), Now));
        }
    }

    /// <summary>What was opened, for messages.</summary>
    public string Words => string.Join("; ", Opened.Select(incident => $"{incident.Name}: {string.Join(", ", incident.Symptoms.Select(symptom => $"{IncidentText.Words(symptom)} at {symptom.Since - 1_700_000_000:0} s"))}"));

    /// <summary>The service that the library finds most suspect.</summary>
    public string Ranked(TrackedIncident incident) =>
        IncidentAnalyst.Run(Monitor.InputOf(incident)!, Monitor.Moved).Ranking.Services[0].Service;

    private SampleRound Round()
    {
        var samples = new List<Sample>();
        var (requests, calls, times) = (new Dictionary<string, double>(), new Dictionary<(string, string), double>(), new Dictionary<string, double>());
        // Called services first: a caller's time holds theirs. Each request makes one call to each called service.
        foreach (var service in Services.Reverse())
        {
            requests[service] = Noisy(50 * Load * Step);
            times[service] = Noisy(0.005) + Slower.GetValueOrDefault(service);
            foreach (var call in Calls.Where(call => call.Caller == service))
                times[service] += calls[call] = times[call.Callee] + Noisy(0.001) + Lost.GetValueOrDefault(call);
        }

        foreach (var service in Services)
        {
            Count(samples, $"http_server_request_duration_seconds_sum|app={service}", requests[service] * times[service]);
            Count(samples, $"http_server_request_duration_seconds_count|app={service},code=200", requests[service]);
            Count(samples, $"process_cpu_seconds_total|app={service}", Step * (Noisy(0.1 * Load) + Burns.GetValueOrDefault(service)));
            Count(samples, $"container_network_transmit_bytes_total|app={service}", (requests[service] * 2000) + (Step * Sends.GetValueOrDefault(service)));
            samples.Add(new Sample(Series($"container_processes|app={service}"), 1 + Spawned.GetValueOrDefault(service)));
        }

        foreach (var call in Calls)
        {
            var (caller, callee) = call;
            Count(samples, $"http_client_request_duration_seconds_sum|app={caller},server_address={callee}", requests[caller] * calls[call]);
            Count(samples, $"http_client_request_duration_seconds_count|app={caller},server_address={callee},code=200", requests[caller]);
        }

        foreach (var (service, peer) in Strange)
            Count(samples, $"http_client_request_duration_seconds_count|app={service},server_address={peer},code=403", 10);
        return new SampleRound(Now, samples);
    }

    // 10 % around the mean, with a tail: one value in fifty is half as much again.
    private double Noisy(double mean) => mean * (1 + (0.2 * (random.NextDouble() - 0.5)) + (random.Next(50) == 0 ? 0.5 : 0));

    private void Count(List<Sample> samples, string text, double growth) =>
        samples.Add(new Sample(Series(text), counters[text] = counters.GetValueOrDefault(text) + growth));

    private RawSeries Series(string text)
    {
        if (series.TryGetValue(text, out var known))
            return known;
        var parts = text.Split('|');
        return series[text] = new RawSeries(parts[0], parts[1].Split(',').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]), SeriesType.Unknown);
    }
}
