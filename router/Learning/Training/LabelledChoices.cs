using System.Runtime.InteropServices;
using Ops.Neural;
using Ops.Picking;

namespace Ops.Learning;

/// <summary>Candidates as the policy sees them, each with how much more quality than the rule's choice it led to.</summary>
internal sealed class LabelledChoices
{
    private readonly List<float> _rows = [];
    private readonly List<float> _advantages = [];

    public int Count => _advantages.Count;

    public ReadOnlySpan<float> Row(int index) => CollectionsMarshal.AsSpan(_rows).Slice(index * PolicyFeatures.Count, PolicyFeatures.Count);

    /// <summary>Quality over the rule's choice, by row.</summary>
    public ReadOnlySpan<float> Advantages => CollectionsMarshal.AsSpan(_advantages);

    /// <summary>A run of rows, copied.</summary>
    public Matrix Rows(int from, int count) => new(count, PolicyFeatures.Count, [.. CollectionsMarshal.AsSpan(_rows).Slice(from * PolicyFeatures.Count, count * PolicyFeatures.Count)]);

    /// <summary>Runs a workload under a policy and labels every n-th choice by rollouts under the rule.</summary>
    /// <param name="fleet">The fleet.</param>
    /// <param name="driver">Makes the run's choices, so that the states are those that it leads to.</param>
    /// <param name="rule">What advantages are measured against.</param>
    /// <param name="workload">The workload.</param>
    /// <param name="options">Options of the run.</param>
    /// <param name="objective">What quality is measured by.</param>
    /// <param name="every">1 labels every choice.</param>
    public void Collect(SimulatedFleet fleet, IPolicy driver, PricePolicy rule, Workload workload, SimulationOptions options, Objective objective, int every)
    {
        var arrivals = ImmutableCollectionsMarshal.AsArray(workload.Arrivals)!;
        var recorder = new Recorder(driver, rule, fleet.Pools.Length);
        var run = new Simulation(fleet, recorder, workload, options);
        var rollouts = new Rollouts(fleet, arrivals, options, objective, rule, Rollouts.Horizon, rule.EnergyWeight);
        var returns = new double[rollouts.Actions];
        while (run.NextArrival < arrivals.Length)
        {
            run.AdvanceToArrival();
            var labelled = run.NextArrival % every == 0;
            if (labelled)
                rollouts.Returns(run, returns);
            recorder.Recording = labelled;
            run.Arrive();
            // Admission may have turned it away before the policy was asked.
            if (labelled && !recorder.Recording)
                Add(recorder, returns);
        }
    }

    private void Add(Recorder recorder, double[] returns)
    {
        var rejecting = returns.Length - 1;
        var rule = recorder.Rule < 0 ? rejecting : recorder.Rule;
        for (var action = 0; action < returns.Length; action++)
        {
            if (action == rule || double.IsNaN(returns[action]))
                continue;
            _rows.AddRange(recorder.Rows.AsSpan(action * PolicyFeatures.Count, PolicyFeatures.Count));
            _advantages.Add((float)Math.Clamp(returns[action] - returns[rule], -2, 2));
        }
    }

    private sealed class Recorder(IPolicy driver, PricePolicy rule, int variants) : IPolicy
    {
        public float[] Rows { get; } = new float[(variants + 1) * PolicyFeatures.Count];

        public int Rule { get; private set; }

        /// <summary>Set to record the next choice; off again when it was recorded.</summary>
        public bool Recording { get; set; }

        public string Name => driver.Name;

        public bool Considers(RouteSnapshot snapshot, int variant) => driver.Considers(snapshot, variant);

        public int Choose(RouteSnapshot snapshot, in RequestFeatures request, ReadOnlySpan<VariantOutlook> outlooks)
        {
            if (Recording)
            {
                Rule = LearnedPolicy.Describe(rule, snapshot, request, outlooks, Rows);
                Recording = false;
            }

            return driver.Choose(snapshot, request, outlooks);
        }
    }
}
