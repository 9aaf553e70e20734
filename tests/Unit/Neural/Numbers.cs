namespace Ops.Neural.Tests;

internal static class Numbers
{
    public static Matrix Matrix(int rows, int columns, Random random) =>
        new(rows, columns, [.. Enumerable.Range(0, rows * columns).Select(_ => (float)((2 * random.NextDouble()) - 1))]);
}
