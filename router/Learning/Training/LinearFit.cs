namespace Ops.Learning;

/// <summary>Weighted sums of a linear regression, and its solution with a prior: coefficients of mean 0 and a given variance.</summary>
internal sealed class LinearFit(int size)
{
    private readonly double[,] _squares = new double[size, size];
    private readonly double[] _products = new double[size];

    /// <summary>Takes an example in.</summary>
    /// <param name="x">Its figures.</param>
    /// <param name="y">What they shall explain.</param>
    /// <param name="weight">One over the variance of its noise.</param>
    public void Add(ReadOnlySpan<double> x, double y, double weight)
    {
        for (var i = 0; i < size; i++)
        {
            var scaled = weight * x[i];
            if (scaled == 0)
                continue;
            _products[i] += scaled * y;
            for (var j = 0; j <= i; j++)
                _squares[i, j] += scaled * x[j];
        }
    }

    /// <summary>The most likely coefficients.</summary>
    public double[] Solve(double priorVariance)
    {
        var lower = Factor(priorVariance);
        var x = (double[])_products.Clone();
        Forward(lower, x);
        for (var i = size - 1; i >= 0; i--)
        {
            for (var j = i + 1; j < size; j++)
                x[i] -= lower[j, i] * x[j];
            x[i] /= lower[i, i];
        }

        return x;
    }

    /// <summary>
    /// Log of how much likelier the examples are with such coefficients than with none (MacKay 1992): (b' A^-1 b - log |A| - p log v) / 2
    /// with A = X'WX + I / v and b = X'Wy.
    /// </summary>
    public double Evidence(double priorVariance)
    {
        var lower = Factor(priorVariance);
        var z = (double[])_products.Clone();
        Forward(lower, z);
        var evidence = -size * Math.Log(priorVariance);
        for (var i = 0; i < size; i++)
            evidence += (z[i] * z[i]) - (2 * Math.Log(lower[i, i]));
        return evidence / 2;
    }

    // Cholesky: A = L L'.
    private double[,] Factor(double priorVariance)
    {
        var lower = (double[,])_squares.Clone();
        for (var i = 0; i < size; i++)
        {
            lower[i, i] += 1 / priorVariance;
            for (var j = 0; j <= i; j++)
            {
                for (var k = 0; k < j; k++)
                    lower[i, j] -= lower[i, k] * lower[j, k];
                lower[i, j] = i == j ? Math.Sqrt(lower[i, i]) : lower[i, j] / lower[j, j];
            }
        }

        return lower;
    }

    private void Forward(double[,] lower, double[] x)
    {
        for (var i = 0; i < size; i++)
        {
            for (var j = 0; j < i; j++)
                x[i] -= lower[i, j] * x[j];
            x[i] /= lower[i, i];
        }
    }
}
