using Ops.Neural;
using Ops.Picking;

namespace Ops.Learning;

/// <summary>
/// Double Q-learning (van Hasselt, Guez, Silver 2016) with n-step returns, around the price rule: Q(s, a) = V(s) + A(s, a) with A = 0 for
/// the rule's own choice, so that the part that is kept, A, is the same small network over the same figures as the one from
/// rollouts, and the two can be compared. V is needed in training only.
/// </summary>
/// <remarks>
/// target = r(t) + ... + g^(n-1) r(t+n-1) + g^n Q'(s(t+n), a*), a* = argmax of Q at s(t+n), Q' the slowly moving copy.
/// r is the quality that a request delivered less energyWeight x joules. g = 0.97 a request and not a second, since discounting
/// by time makes values at high rates differ by little more than their noise; n = 8.
/// </remarks>
public static class DoubleDqnTrainer
{
    private const int Batch = 64;
    private const int Steps = 8;
    private const float Discount = 0.97f;
    private const double Exploring = 0.15;
    private const float FollowShare = 0.01f;

    /// <summary>Trains.</summary>
    /// <param name="training">Streams to learn from; each is run once, under what was learned before it.</param>
    /// <param name="validation">Streams that choose the margin.</param>
    /// <param name="options">Options of all runs.</param>
    /// <param name="energyWeight">Quality by joule.</param>
    /// <param name="updatesPerStream">Updates of the networks after each stream.</param>
    /// <param name="seed">Seed of weights, exploration and order.</param>
    /// <param name="progress">Told the share that is done, 0..1.</param>
    /// <param name="cancellation">Ends the training between two streams.</param>
    public static Training Train(
        IReadOnlyList<SimulatedStream> training, IReadOnlyList<SimulatedStream> validation, SimulationOptions options, double energyWeight, int updatesPerStream, int seed, Action<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(validation);
        var rule = new PricePolicy(energyWeight);
        var random = new Random(seed);
        var memory = new ChoiceMemory(training[0].Fleet.Pools.Length + 1);
        var learner = new Learner(memory, random);
        var explorer = new Explorer(learner.Advantage, rule, memory, random, Exploring);
        var curve = new List<double>();
        for (var s = 0; s < training.Count; s++)
        {
            cancellation.ThrowIfCancellationRequested();
            explorer.Run(training[s], options);
            curve.Add(Enumerable.Range(0, memory.Count == 0 ? 0 : updatesPerStream).Select(_ => learner.Update()).DefaultIfEmpty().Average());
            progress?.Invoke((s + 1.0) / training.Count * 0.15);
        }

        var model = Range(memory).ToModel(learner.Advantage, AdvantageTrainer.Pools(training), energyWeight);
        var margin = MarginChoice.Of(model, rule, validation, options);
        progress?.Invoke(1);
        return new Training(TrainingMethod.DoubleDqn, MarginChoice.Apply(model, margin.Margin), [.. curve], memory.Count, margin);
    }

    private static FeatureRange Range(ChoiceMemory memory)
    {
        var range = new FeatureRange();
        for (var choice = 0; choice < memory.Count; choice++)
        {
            for (var action = 0; action < memory.Actions; action++)
            {
                if (memory.IsOpen(choice, action))
                    range.Include(memory.Row(choice, action));
            }
        }

        return range;
    }

    /// <summary>The networks and their updates.</summary>
    private sealed class Learner
    {
        private readonly ChoiceMemory _memory;
        private readonly Random _random;
        private readonly Network _value;
        private readonly Network _slowValue;
        private readonly Network _slowAdvantage;
        private readonly Adam _valueAdam;
        private readonly Adam _advantageAdam;
        private readonly int[] _choices = new int[Batch];
        private readonly int[] _best = new int[Batch];
        private readonly Matrix _states = new(Batch, PolicyFeatures.Count);
        private readonly Matrix _gradient = new(Batch, 1);
        private readonly float[] _targets = new float[Batch];
        private readonly Matrix _candidates;

        public Learner(ChoiceMemory memory, Random random)
        {
            (_memory, _random) = (memory, random);
            (_value, _slowValue) = (FeatureRange.NewNetwork(random), FeatureRange.NewNetwork(random));
            (Advantage, _slowAdvantage) = (FeatureRange.NewNetwork(random), FeatureRange.NewNetwork(random));
            _slowValue.MoveTowards(_value, 1);
            _slowAdvantage.MoveTowards(Advantage, 1);
            var options = new AdamOptions { LearningRate = 1e-3f, WeightDecay = 1e-4f, MaxNorm = 1 };
            (_valueAdam, _advantageAdam) = (new Adam(_value.Parameters, options), new Adam(Advantage.Parameters, options));
            _candidates = new Matrix(Batch * memory.Actions, PolicyFeatures.Count);
        }

        public Network Advantage { get; }

        /// <summary>One step on a batch of the memory; returns the mean size of the temporal difference.</summary>
        public double Update()
        {
            for (var i = 0; i < Batch; i++)
                _choices[i] = _random.Next(_memory.Count);
            Targets();
            var values = Values(_value, later: false);
            for (var i = 0; i < Batch; i++)
                _memory.Row(_choices[i], _memory.Taken(_choices[i])).CopyTo(_states[i]);
            var size = 0.0;
            Span<float> errors = stackalloc float[Batch];
            var advantages = Advantage.Forward(_states);
            for (var i = 0; i < Batch; i++)
            {
                var own = _memory.Taken(_choices[i]) == _memory.Rule(_choices[i]) ? 0 : advantages.Data[i];
                errors[i] = values[i] + own - _targets[i];
                size += Math.Abs(errors[i]) / Batch;
                _gradient.Data[i] = _memory.Taken(_choices[i]) == _memory.Rule(_choices[i]) ? 0 : Math.Clamp(errors[i], -1, 1) / Batch;
            }

            Advantage.Backward(_gradient);
            _advantageAdam.Step();
            Values(_value, later: false);
            for (var i = 0; i < Batch; i++)
                _gradient.Data[i] = Math.Clamp(errors[i], -1, 1) / Batch;
            _value.Backward(_gradient);
            _valueAdam.Step();
            _slowAdvantage.MoveTowards(Advantage, FollowShare);
            _slowValue.MoveTowards(_value, FollowShare);
            return size;
        }

        private int Later(int i) => Math.Min(_choices[i] + Steps, _memory.End(_choices[i]) - 1);

        private void Targets()
        {
            // Which choice is best later says the fast network, what it is worth the slow one: that is the double in its name.
            for (var i = 0; i < Batch; i++)
            {
                for (var action = 0; action < _memory.Actions; action++)
                    _memory.Row(Later(i), action).CopyTo(_candidates[(i * _memory.Actions) + action]);
            }

            var fast = Advantage.Forward(_candidates);
            for (var i = 0; i < Batch; i++)
                _best[i] = Best(Later(i), fast.Data.AsSpan(i * _memory.Actions, _memory.Actions));
            var slow = _slowAdvantage.Forward(_candidates);
            var values = Values(_slowValue, later: true);
            for (var i = 0; i < Batch; i++)
            {
                var (sum, weight) = (0f, 1f);
                for (var t = _choices[i]; t < Later(i); t++, weight *= Discount)
                    sum += weight * _memory.Reward(t);
                var advantage = _best[i] == _memory.Rule(Later(i)) ? 0 : slow.Data[(i * _memory.Actions) + _best[i]];
                _targets[i] = sum + (weight * (values[i] + advantage));
            }
        }

        private int Best(int choice, ReadOnlySpan<float> advantages)
        {
            var (best, most) = (_memory.Rule(choice), 0f);
            for (var action = 0; action < advantages.Length; action++)
            {
                if (action != _memory.Rule(choice) && _memory.IsOpen(choice, action) && advantages[action] > most)
                    (best, most) = (action, advantages[action]);
            }

            return best;
        }

        // The value of a state is a function of what the rule would choose in it.
        private float[] Values(Network network, bool later)
        {
            for (var i = 0; i < Batch; i++)
            {
                var choice = later ? Later(i) : _choices[i];
                _memory.Row(choice, _memory.Rule(choice)).CopyTo(_states[i]);
            }

            return [.. network.Forward(_states).Data.Take(Batch)];
        }
    }
}
