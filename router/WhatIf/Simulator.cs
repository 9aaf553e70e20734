using Ops.Api;
using Ops.Learning;
using Ops.Picking;

namespace Ops.WhatIf;

/// <summary>
/// Answers a question by running the fleet simulator twice, as it is and as it would be. Deterministic: the same question has
/// the same answer. Arrivals are Poisson, lengths log-normal about the measured means, tasks the default one.
/// </summary>
public static class Simulator
{
    // A side is a few streams of a few thousand requests: enough for a figure whose second digit holds, and at most
    // 2 x 3 x 2,000 requests, which one core simulates in about a second.
    private const int Streams = 3;
    private const int StreamRequests = 2_000;

    // A stream lasts at least a window of the router's view, and at most ten minutes of a quiet route.
    private const double LeastSeconds = 30;
    private const double MostSeconds = 600;

    /// <summary>Answers; about a second of one core.</summary>
    /// <exception cref="InvalidFleetException">The question cannot be simulated; the message says why.</exception>
    /// <exception cref="OperationCanceledException">It is no longer asked.</exception>
    public static Answer Ask(Question question, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(question);
        if (question.Problem() is { } problem)
            throw new InvalidFleetException(problem);
        var now = Run(question, question.Load.RequestsPerSecond, PoolSize.Observed, null, cancellation);
        var then = Run(question, question.Load.RequestsPerSecond * question.LoadFactor, Changed, question.EnergyWeight, cancellation);
        return new(now.Outlook, then.Outlook, now.Requests + then.Requests);

        PoolSize Changed(ModelPool pool) =>
            PoolSize.Observed(pool) is var size && question.Replicas.TryGetValue(pool.Metadata.Name, out var replicas) ? size with { Replicas = replicas } : size;
    }

    /// <summary>Requests a second that keep the ready replicas of a route about half busy: what is asked about where no load is measured.</summary>
    /// <exception cref="InvalidFleetException">The route cannot be simulated.</exception>
    public static double HalfLoad(ModelRoute route, IEnumerable<ModelPool> pools) =>
        Math.Max(0.1, RouteTrainer.Capacity(RouteFleet.Of(route, pools, PoolSize.Observed), RouteLoad.TypicalPrompt, RouteLoad.TypicalOutput) / 2);

    private static (Outlook Outlook, int Requests) Run(Question question, double rate, Func<ModelPool, PoolSize> size, double? energyWeight, CancellationToken cancellation)
    {
        var fleet = RouteFleet.Of(question.Route, question.Pools, size);
        if (fleet.ReplicaCount == 0)
            throw new InvalidFleetException("No replica is left to answer: give at least one pool a replica.");
        var objective = RouteFleet.ObjectiveOf(question.Route);
        var options = new SimulationOptions { Objective = objective, Control = new Canceller(cancellation) };
        var seconds = Math.Clamp(StreamRequests / rate, LeastSeconds, MostSeconds);
        var runs = new List<(RunResult Run, Score Score)>();
        var policy = "";
        for (var seed = 1; seed <= Streams; seed++)
        {
            var lengths = Lengths.LogNormal(question.Load.PromptTokens, 1, question.Load.OutputTokens, 1, seed);
            // A policy may count as it goes, so each run has its own.
            var choice = PolicyOf(question.Route.Spec.EffectivePolicy, energyWeight);
            policy = choice.Name;
            var run = new Simulation(fleet, choice, Workloads.Poisson(rate, seconds, lengths, seed), options).Run();
            runs.Add((run, Score.Of(run, fleet, objective)));
        }

        return (Sum(fleet, runs, rate, policy), runs.Sum(one => one.Run.Outcomes.Length));
    }

    private static Outlook Sum(SimulatedFleet fleet, List<(RunResult Run, Score Score)> runs, double rate, string policy)
    {
        double Mean(Func<Score, double> figure) => runs.Average(one => figure(one.Score));
        var good = runs.Sum(one => one.Score.Attainment * one.Run.Outcomes.Length);
        var joules = runs.Sum(one => one.Run.Joules);
        return new(
            policy, fleet.Pools.Sum(pool => pool.Placement.Length * pool.Profile.GpuCount), rate,
            Mean(score => score.Performance), Mean(score => score.Attainment) * rate, Mean(score => score.Availability), Mean(score => score.MeanQuality), Mean(score => score.Rejected),
            joules / runs.Sum(one => one.Run.Seconds), good > 0 ? joules / good : null,
            [.. fleet.Pools.Select((pool, index) => (pool.Name, Mean(score => score.Shares[index])))]);
    }

    // A learned policy without its file is the rule that it falls back to.
    private static IPolicy PolicyOf(PolicySpec spec, double? energyWeight) => (energyWeight ?? spec.EffectiveEnergyWeight, spec.EffectiveType) switch
    {
        (var weight, PolicyTypes.Price or PolicyTypes.Learned) => new PricePolicy(weight),
        ( > 0 and var weight, _) when energyWeight is not null => new PricePolicy(weight),
        (_, PolicyTypes.Static) => new StaticPolicy(spec.StaticPool ?? ""),
        (_, PolicyTypes.Greedy) => new GreedyPolicy(),
        _ => new LadderPolicy(),
    };

    // A run has no other place to be stopped at: a control that changes nothing and looks whether the answer is still wanted.
    private sealed class Canceller(CancellationToken cancellation) : IFleetControl
    {
        public double IntervalSeconds => 1;

        public void Decide(FleetView fleet, ICollection<FleetChange> changes) => cancellation.ThrowIfCancellationRequested();
    }
}
