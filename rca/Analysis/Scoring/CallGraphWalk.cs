namespace Ops.Rca;

/// <summary>
/// A random walk with restart over the call graph, from callers to callees: a service is suspect when it moved and when
/// services that call it moved. Q(i to j) is proportional to (1 if i calls j, plus 0.1 if j calls i) times
/// (S_j + 0.001); restart r is proportional to S squared; with probability 0.6 the walk steps, else it restarts.
/// </summary>
internal static class CallGraphWalk
{
    private const double Step = 0.6;
    private const double Backward = 0.1;
    private const double Floor = 0.001;

    // 0.6^60 is below 1e-13: more rounds change nothing.
    private const int Rounds = 60;

    /// <summary>The share of time at each service.</summary>
    /// <param name="scores">S by service.</param>
    /// <param name="edges">Caller and callee as indexes into the scores, with a weight.</param>
    public static double[] Stationary(double[] scores, IReadOnlyList<(int From, int To, double Weight)> edges) =>
        Run(scores, edges, Normalise([.. scores.Select(score => score * score)]));

    /// <summary>The same walk with a restart that the caller chooses.</summary>
    public static double[] Run(double[] scores, IReadOnlyList<(int From, int To, double Weight)> edges, double[] restart)
    {
        var steps = new List<(int From, int To, double Weight)>(edges.Count * 2);
        foreach (var (from, to, weight) in edges)
        {
            steps.Add((from, to, weight * (scores[to] + Floor)));
            steps.Add((to, from, Backward * weight * (scores[from] + Floor)));
        }

        return Forward(steps, restart, Step);
    }

    /// <summary>Follows the steps as they are with the given probability, else restarts.</summary>
    public static double[] Forward(IReadOnlyList<(int From, int To, double Weight)> steps, double[] restart, double probability)
    {
        var leaving = new double[restart.Length];
        foreach (var (from, _, weight) in steps)
            leaving[from] += weight;
        var now = restart;
        for (var round = 0; round < Rounds; round++)
        {
            var next = new double[restart.Length];
            foreach (var (from, to, weight) in steps)
                next[to] += probability * now[from] * weight / leaving[from];
            // A service without edges cannot step, so its whole weight restarts: no mass is lost.
            var restarting = 1 - next.Sum();
            for (var i = 0; i < next.Length; i++)
                next[i] += restarting * restart[i];
            now = next;
        }

        return now;
    }

    /// <summary>Shares that sum to 1; equal shares where there is nothing to share.</summary>
    public static double[] Normalise(double[] values)
    {
        var sum = values.Sum();
        return sum > 0 ? [.. values.Select(value => value / sum)] : [.. values.Select(_ => 1.0 / values.Length)];
    }
}
