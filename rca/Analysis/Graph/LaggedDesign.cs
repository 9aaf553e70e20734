using Ops.Neural;

namespace Ops.Rca;

/// <summary>A ridge regression with blocks of time held out in turn.</summary>
/// <param name="Errors">Held-out error by row.</param>
/// <param name="Coefficients">Of the fit to all rows: the lags of each source in turn.</param>
internal sealed record RidgeFit(float[] Errors, double[] Coefficients)
{
    /// <summary>Mean lag in rows by size of coefficient, and the sign of their sum, of one source.</summary>
    public (double Lag, int Sign) LagAndSign(int source, int lags)
    {
        var own = Coefficients.AsSpan(source * lags, lags);
        var (size, sum, weighted) = (0.0, 0.0, 0.0);
        for (var lag = 1; lag <= lags; lag++)
        {
            size += Math.Abs(own[lag - 1]);
            sum += own[lag - 1];
            weighted += lag * Math.Abs(own[lag - 1]);
        }

        return (size > 0 ? weighted / size : 0, Math.Sign(sum));
    }
}

/// <summary>
/// Every series with its lags, and all products between them by block of time, once: each regression then picks its rows
/// and columns of one matrix instead of running over the data.
/// </summary>
internal sealed class LaggedDesign
{
    private readonly EvenSeries _series;
    private readonly int _lags;
    private readonly Matrix _lagged;
    private readonly float[][] _targets;
    private readonly (int From, int To)[] _blocks;
    private readonly Matrix[] _products;
    private readonly Matrix _total;

    public LaggedDesign(EvenSeries series, int lags, int folds)
    {
        (_series, _lags) = (series, lags);
        var rows = series.Rows - lags;
        var count = series.Metrics.Count;
        Common = count;
        var all = series.Values.Append(Mean(series)).ToArray();
        // Columns: lag 1..L of each series and of their mean, then each series itself, which is what is forecast.
        var width = (all.Length * lags) + count;
        _lagged = new Matrix(rows, width);
        for (var row = 0; row < rows; row++)
        {
            var target = _lagged[row];
            for (var s = 0; s < all.Length; s++)
                for (var lag = 1; lag <= lags; lag++)
                    target[(s * lags) + lag - 1] = all[s][row + lags - lag];
            for (var s = 0; s < count; s++)
                target[(all.Length * lags) + s] = all[s][row + lags];
        }

        _targets = [.. Enumerable.Range(0, count).Select(s => all[s][lags..])];
        _blocks = [.. Enumerable.Range(0, folds).Select(fold => (rows * fold / folds, rows * (fold + 1) / folds))];
        _products = [.. _blocks.Select(block => Products(block.From, block.To))];
        _total = new Matrix(width, width);
        foreach (var product in _products)
            for (var i = 0; i < _total.Data.Length; i++)
                _total.Data[i] += product.Data[i];
    }

    /// <summary>The number of the pseudo-series that is the mean of all.</summary>
    public int Common { get; }

    /// <summary>What every forecast starts from: the own past and, of eight series or more, that of the mean of all; the mean of fewer would be the sources themselves.</summary>
    public int[] Basis(int effect) => Common < 8 ? [effect] : [effect, Common];

    public bool Known(int series, int row) => _series.Known[series][row + _lags];

    /// <summary>Forecasts a series from the lags of sources, each block by coefficients from the others.</summary>
    public RidgeFit Fit(int effect, int[] sources, double ridge)
    {
        int[] columns = [.. sources.SelectMany(source => Enumerable.Range(source * _lags, _lags))];
        var target = ((Common + 1) * _lags) + effect;
        var errors = new float[_lagged.Rows];
        for (var fold = 0; fold < _blocks.Length; fold++)
        {
            var coefficients = Solve(columns, target, _products[fold], ridge);
            for (var row = _blocks[fold].From; row < _blocks[fold].To; row++)
            {
                var lagged = _lagged[row];
                var forecast = 0.0;
                for (var i = 0; i < columns.Length; i++)
                    forecast += coefficients[i] * lagged[columns[i]];
                errors[row] = (float)(_targets[effect][row] - forecast);
            }
        }

        return new RidgeFit(errors, Solve(columns, target, null, ridge));
    }

    /// <summary>[series of errors, source]: the largest correlation of errors with any lag of a source.</summary>
    public double[,] Correlations(float[][] errors)
    {
        var count = errors.Length;
        var left = new Matrix(_lagged.Rows, count);
        for (var s = 0; s < count; s++)
        {
            var size = (float)Math.Sqrt(errors[s].Sum(error => (double)error * error) + 1e-12);
            for (var row = 0; row < left.Rows; row++)
                left[row][s] = errors[s][row] / size;
        }

        var products = new Matrix(count, _lagged.Columns);
        MatrixProduct.AddTransposed(left, _lagged, products);
        var result = new double[count, count];
        for (var effect = 0; effect < count; effect++)
            for (var cause = 0; cause < count; cause++)
                for (var lag = 0; lag < _lags; lag++)
                    result[effect, cause] = Math.Max(result[effect, cause], Math.Abs(products[effect][(cause * _lags) + lag]) / Math.Sqrt(_lagged.Rows));
        return result;
    }

    private static float[] Mean(EvenSeries series) =>
        [.. Enumerable.Range(0, series.Rows).Select(row => series.Values.Sum(values => values[row]) / series.Metrics.Count)];

    private Matrix Products(int from, int to)
    {
        var block = new Matrix(to - from, _lagged.Columns, _lagged.Data[(from * _lagged.Columns)..(to * _lagged.Columns)]);
        var result = new Matrix(_lagged.Columns, _lagged.Columns);
        MatrixProduct.AddTransposed(block, block, result);
        return result;
    }

    // (A + ridge diag A) x = b by Cholesky, A without the held-out block. The diagonal's scale makes the result indifferent
    // to the scale of each column, so that standardising with all rows tells the fit nothing about the held-out ones.
    private double[] Solve(int[] columns, int target, Matrix? heldOut, double ridge)
    {
        var n = columns.Length;
        var a = new double[n, n];
        var x = new double[n];
        for (var i = 0; i < n; i++)
        {
            var row = columns[i] * _lagged.Columns;
            for (var j = 0; j <= i; j++)
                a[i, j] = Without(row + columns[j]);
            a[i, i] = (a[i, i] * (1 + ridge)) + 1e-6;
            x[i] = Without(row + target);
        }

        Cholesky.Solve(a, x);
        return x;

        double Without(int index) => _total.Data[index] - (heldOut is null ? 0 : heldOut.Data[index]);
    }
}

internal static class Cholesky
{
    /// <summary>Solves a x = b in place; reads and overwrites the lower triangle.</summary>
    public static void Solve(double[,] a, double[] b)
    {
        var n = b.Length;
        for (var j = 0; j < n; j++)
        {
            for (var k = 0; k < j; k++)
                a[j, j] -= a[j, k] * a[j, k];
            a[j, j] = Math.Sqrt(Math.Max(a[j, j], 1e-12));
            for (var i = j + 1; i < n; i++)
            {
                for (var k = 0; k < j; k++)
                    a[i, j] -= a[i, k] * a[j, k];
                a[i, j] /= a[j, j];
            }
        }

        for (var i = 0; i < n; i++)
        {
            for (var k = 0; k < i; k++)
                b[i] -= a[i, k] * b[k];
            b[i] /= a[i, i];
        }

        for (var i = n - 1; i >= 0; i--)
        {
            for (var k = i + 1; k < n; k++)
                b[i] -= a[k, i] * b[k];
            b[i] /= a[i, i];
        }
    }
}
