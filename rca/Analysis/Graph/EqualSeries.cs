namespace Ops.Rca;

/// <summary>One series under several names.</summary>
internal static class EqualSeries
{
    /// <summary>Metrics whose columns are equal value by value, together; in the order in which they first come.</summary>
    public static IEnumerable<int[]> Classes(MetricTable table, IEnumerable<int> metrics) =>
        metrics.GroupBy(m => table.Columns[m], Same.Instance).Select(group => group.ToArray());

    private sealed class Same : IEqualityComparer<double[]>
    {
        public static readonly Same Instance = new();

        public bool Equals(double[]? x, double[]? y) => x!.AsSpan().SequenceEqual(y);

        public int GetHashCode(double[] column)
        {
            var hash = default(HashCode);
            foreach (var value in column)
                hash.Add(value);
            return hash.ToHashCode();
        }
    }
}
