using k8s;
using k8s.Models;
using Ops.Sandbox.Api;

namespace Ops.KubeFuzz.Tests;

/// <summary>Candidates behind faulty lines, on the real clock: whatever happens, two never lead at once.</summary>
public sealed class LeaseScenarioTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Candidates_behind_faulty_lines_never_lead_at_once_and_somebody_leads_in_the_end()
    {
        await using var server = await ApiServer.StartAsync(new ApiServerOptions(), Token);
        await using var proxy = await FaultProxy.StartAsync(new Uri(server.Url), Token);
        var target = new FuzzTarget(server.Url, server.AdminToken, proxy, server.Compact);
        var runs = await Task.WhenAll(Enumerable.Range(1, 8).Select(seed => RunAsync(target, seed)));
        Console.WriteLine($"Leases: {runs.Length} runs, {runs.Sum(r => r.Terms)} terms, {runs.Sum(r => r.Faults)} faults, {runs.Sum(r => r.Overlaps)} overlaps.");
        runs.ShouldAllBe(r => r.Overlaps == 0 && r.Settled);
        runs.Sum(r => r.Terms).ShouldBeGreaterThan(runs.Length, "leadership changed hands");
    }

    private static async Task<(int Terms, int Faults, int Overlaps, bool Settled)> RunAsync(FuzzTarget target, int seed)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var candidates = Enumerable.Range(0, 3).Select(i => new Candidate(target, seed, i)).ToArray();
        var running = candidates.Select(c => c.Lease.RunAsync(c.LeadAsync, stop.Token)).ToArray();
        var random = new Random(seed);
        var overlaps = 0;
        for (var step = 0; step < 300; step++)
        {
            await Task.Delay(10, Token);
            overlaps += Overlap(candidates);
            // The leader is cut off now and then, for longer than its lease lasts.
            if (step is 80 or 190 && candidates.FirstOrDefault(c => c.Lease.IsLeader) is { } leader)
            {
                leader.Line.Close();
                _ = Task.Delay(1200 + random.Next(800), Token).ContinueWith(_ => leader.Line.Open(), TaskScheduler.Default);
            }
        }

        foreach (var candidate in candidates)
            candidate.Line.Faulty = false;
        var settled = false;
        for (var i = 0; i < 2000 && !settled; i++)
        {
            await Task.Delay(10, Token);
            overlaps += Overlap(candidates);
            settled = candidates.Any(c => c.Lease.IsLeader);
        }

        await stop.CancelAsync();
        await Task.WhenAll(running);
        var result = (candidates.Sum(c => c.Terms), candidates.Sum(c => c.Line.Tally.Total), overlaps, settled);
        foreach (var candidate in candidates)
            candidate.Dispose();
        return result;
    }

    // One reads after the other: only who leads before and after the other was seen leading has led at the same time.
    private static int Overlap(Candidate[] candidates)
    {
        foreach (var a in candidates)
        {
            foreach (var b in candidates)
            {
                var term = a.Terms;
                if (a != b && a.Lease.IsLeader && b.Lease.IsLeader && a.Lease.IsLeader && a.Terms == term)
                    return 1;
            }
        }

        return 0;
    }

    private sealed class Candidate : IDisposable
    {
        private readonly KubeClient client;

        public Candidate(FuzzTarget target, int seed, int number)
        {
            Line = new FaultLine((seed * 10) + number);
            client = target.Client(target.Proxy.Add($"lease-{seed}-{number}", Line), TimeSpan.FromMilliseconds(300));
            Lease = new LeaderLease(client, new LeaderLeaseOptions
            {
                Namespace = "default",
                Name = $"lease-{seed}",
                Identity = $"candidate-{number}",
                Duration = TimeSpan.FromSeconds(1),
                RenewDeadline = TimeSpan.FromMilliseconds(700),
                RetryPeriod = TimeSpan.FromMilliseconds(100),
                Seed = seed + number,
            });
        }

        public FaultLine Line { get; }

        public LeaderLease Lease { get; }

        public int Terms { get; private set; }

        public async Task LeadAsync(CancellationToken cancellationToken)
        {
            Terms++;
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        public void Dispose()
        {
            client.Dispose();
            Line.Dispose();
        }
    }
}
