using Ops.Traces;

namespace Ops.Picking.Replay;

/// <summary>
/// Has an estimator predict every answer of a trace before it may see it. A request is learned from when its answer ends:
/// 0.1 ms a prompt token and 30 ms an output token after it came.
/// </summary>
internal static class LengthReplay
{
    /// <summary>Predicted and true output lengths, in order of arrival.</summary>
    internal static (double[] Predicted, double[] True) Run(Trace trace, IOutputLengthEstimator estimator)
    {
        var predicted = new double[trace.Requests.Length];
        var ends = new PriorityQueue<int, double>();
        for (var i = 0; i < predicted.Length; i++)
        {
            var now = trace.Requests[i].Arrival.TotalSeconds;
            while (ends.TryPeek(out var ended, out var at) && at <= now)
            {
                ends.Dequeue();
                estimator.Observe(Features(trace.Requests[ended]), trace.Requests[ended].GeneratedTokens);
            }

            predicted[i] = estimator.Predict(Features(trace.Requests[i]));
            ends.Enqueue(i, now + Seconds(trace.Requests[i]));
        }

        return (predicted, [.. trace.Requests.Select(r => (double)r.GeneratedTokens)]);
    }

    /// <summary>Spearman's rank correlation; equal values share their mean rank.</summary>
    internal static double Spearman(double[] a, double[] b) => Pearson(Ranks(a), Ranks(b));

    /// <summary>
    /// Mean seconds from arrival to the last token at a simulated server of some slots, in order of arrival or with the
    /// smallest key first among those that wait.
    /// </summary>
    internal static double MeanLatency(Trace trace, int slots, double[]? keys)
    {
        var waiting = new PriorityQueue<int, double>();
        var ends = new PriorityQueue<int, double>();
        var (next, running, sum) = (0, 0, 0.0);
        while (next < trace.Requests.Length || running > 0)
        {
            var arrival = next < trace.Requests.Length ? trace.Requests[next].Arrival.TotalSeconds : double.PositiveInfinity;
            double now;
            if (ends.TryPeek(out var ended, out var end) && end <= arrival)
            {
                ends.Dequeue();
                running--;
                now = end;
                sum += end - trace.Requests[ended].Arrival.TotalSeconds;
            }
            else
            {
                now = arrival;
                waiting.Enqueue(next, keys is null ? next : keys[next]);
                next++;
            }

            for (; running < slots && waiting.TryDequeue(out var started, out _); running++)
                ends.Enqueue(started, now + Seconds(trace.Requests[started]));
        }

        return sum / trace.Requests.Length;
    }

    private static double Seconds(TraceRequest request) =>
        (request.ContextTokens * LatencyEstimate.SecondsPerPromptTokenPrior) + (request.GeneratedTokens * LatencyEstimate.SecondsPerOutputTokenPrior);

    private static LengthFeatures Features(TraceRequest request) => new()
    {
        Route = 1,
        PromptTokens = request.ContextTokens,
        // A conversation goes by its second block; the first one is common to many.
        Session = request.PrefixBlocks is { IsDefault: false, Length: > 1 } blocks ? KeyHash.Mix((ulong)blocks[1] + 1) : 0,
    };

    private static double[] Ranks(double[] values)
    {
        var order = Enumerable.Range(0, values.Length).OrderBy(i => values[i]).ToArray();
        var ranks = new double[values.Length];
        for (var from = 0; from < order.Length;)
        {
            var to = from;
            while (to < order.Length && values[order[to]].Equals(values[order[from]]))
                to++;
            for (var i = from; i < to; i++)
                ranks[order[i]] = (from + to - 1) / 2.0;
            from = to;
        }

        return ranks;
    }

    private static double Pearson(double[] a, double[] b)
    {
        var (meanA, meanB) = (a.Average(), b.Average());
        var (cross, squaresA, squaresB) = (0.0, 0.0, 0.0);
        for (var i = 0; i < a.Length; i++)
        {
            cross += (a[i] - meanA) * (b[i] - meanB);
            squaresA += (a[i] - meanA) * (a[i] - meanA);
            squaresB += (b[i] - meanB) * (b[i] - meanB);
        }

        return cross / Math.Sqrt(squaresA * squaresB);
    }
}
