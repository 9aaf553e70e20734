using Ops.Learning;
using Ops.Profiles;
using Ops.Sandbox.ModelServer.Engine;

namespace Ops.Sandbox.ModelServer.Tests;

/// <summary>Several engines' loops on shared GPUs without a clock: always the step that ends next. Request i goes to engine i modulo their number.</summary>
internal sealed class SharedServing
{
    private readonly SharedGpus _gpus;
    private readonly One[] _engines;
    private readonly Workload _workload;
    private readonly (double FirstToken, double Completion)[] _served;
    private readonly Dictionary<Sequence, int> _requests = [];
    private readonly List<Sequence> _advanced = [];

    private SharedServing(ServingProfile[] profiles, int[] first, double[] shares, Workload workload)
    {
        _gpus = new SharedGpus(GpuProduct.H100, profiles.Max(profile => profile.GpuCount), 0);
        _engines = [.. profiles.Select((profile, i) => new One(profile, new Batch(profile, new BatchLimits(256, 8192, profile.KvTokens(shares[i]), 2048)), first[i]..(first[i] + profile.GpuCount)))];
        _workload = workload;
        _served = new (double, double)[workload.Arrivals.Length];
    }

    public static ((double FirstToken, double Completion)[] Served, double Joules) Run(ServingProfile[] profiles, int[] first, double[] shares, Workload workload)
    {
        var run = new SharedServing(profiles, first, shares, workload);
        return (run._served, run.Run());
    }

    private double Run()
    {
        var next = 0;
        var now = 0.0;
        while (true)
        {
            var ends = _engines.MinBy(engine => engine.End)!;
            var arrives = next < _workload.Arrivals.Length ? _workload.Arrivals[next].At : double.PositiveInfinity;
            if (double.IsPositiveInfinity(Math.Min(ends.End, arrives)))
                return _engines.Sum(engine => engine.Joules) + _gpus.IdleJoules(now);
            if (ends.End <= arrives)
            {
                now = ends.End;
                Complete(ends);
                Plan(ends, now);
            }
            else
            {
                now = arrives;
                var engine = _engines[next % _engines.Length];
                var arrival = _workload.Arrivals[next];
                var sequence = new Sequence(arrival.PromptTokens, arrival.OutputTokens, FinishReason.Length, arrival.At);
                _requests.Add(sequence, next++);
                engine.Batch.TryEnqueue(sequence).ShouldBeTrue();
                if (!engine.Busy)
                    Plan(engine, now);
            }
        }
    }

    private void Complete(One engine)
    {
        engine.Batch.Complete(engine.End, _advanced);
        foreach (var sequence in _advanced)
            _served[_requests[sequence]] = (sequence.FirstToken, engine.End);
        _advanced.Clear();
    }

    private void Plan(One engine, double at)
    {
        var plan = engine.Batch.Plan(at, GpuProduct.H100.Default);
        if (plan.IsEmpty == engine.Busy)
        {
            engine.Busy = !engine.Busy;
            _gpus.Work(engine.Gpus, engine.Busy ? 1 : -1, at);
        }

        engine.End = double.PositiveInfinity;
        if (plan.IsEmpty)
            return;
        plan = plan.InTurnsOf(_gpus.Turns(engine.Gpus));
        engine.Joules += plan.Cost.Joules;
        engine.End = at + plan.Cost.Seconds;
    }

    private sealed record One(ServingProfile Profile, Batch Batch, Range Gpus)
    {
        public bool Busy { get; set; }

        public double End { get; set; } = double.PositiveInfinity;

        public double Joules { get; set; }
    }
}
