using Ops.Neural;

namespace Ops.Rca;

/// <summary>How much the encoded past of each series, alone, takes away from what another's own past leaves: ridge regression with blocks of time held out.</summary>
internal static class EncodedScreen
{
    /// <summary>[effect, cause]: statistic of the held-out gain.</summary>
    public static double[,] Run(Matrix[] codes, float[][] errors, int folds, float ridge)
    {
        var count = codes.Length;
        var rows = codes[0].Rows;
        var statistics = new double[count, count];
        (int From, int To)[] blocks = [.. Enumerable.Range(0, folds).Select(fold => (rows * fold / folds, rows * (fold + 1) / folds))];
        var targets = new Matrix(rows, count);
        for (var row = 0; row < rows; row++)
            for (var effect = 0; effect < count; effect++)
                targets[row][effect] = errors[effect][row];
        var forecasts = new Matrix(rows, count);
        for (var cause = 0; cause < count; cause++)
        {
            Array.Clear(forecasts.Data);
            Forecast(codes[cause], targets, blocks, ridge, forecasts);
            for (var effect = 0; effect < count; effect++)
                statistics[effect, cause] = effect == cause ? double.NegativeInfinity : Gain(targets, forecasts, effect);
        }

        return statistics;
    }

    // All targets at once: one factor of each block's products serves them all.
    private static void Forecast(Matrix codes, Matrix targets, (int From, int To)[] blocks, float ridge, Matrix forecasts)
    {
        var width = codes.Columns;
        var parts = blocks.Select(block => (Own: new Matrix(width, width), Cross: new Matrix(width, targets.Columns))).ToArray();
        for (var i = 0; i < blocks.Length; i++)
        {
            var part = Part(codes, blocks[i]);
            MatrixProduct.AddTransposed(part, part, parts[i].Own);
            MatrixProduct.AddTransposed(part, Part(targets, blocks[i]), parts[i].Cross);
        }

        for (var held = 0; held < blocks.Length; held++)
        {
            var coefficients = new Matrix(width, targets.Columns);
            var a = new double[width, width];
            for (var row = 0; row < width; row++)
                for (var column = 0; column <= row; column++)
                    a[row, column] = parts.Where((_, i) => i != held).Sum(part => part.Own[row][column]) * (row == column ? 1 + ridge : 1);
            var inverse = Inverse(a, width);
            for (var i = 0; i < blocks.Length; i++)
                if (i != held)
                    MatrixProduct.Add(inverse, parts[i].Cross, coefficients);
            var forecast = new Matrix(blocks[held].To - blocks[held].From, targets.Columns);
            MatrixProduct.Add(Part(codes, blocks[held]), coefficients, forecast);
            forecast.Data.CopyTo(forecasts.Data, blocks[held].From * targets.Columns);
        }
    }

    private static Matrix Inverse(double[,] a, int width)
    {
        var inverse = new Matrix(width, width);
        for (var column = 0; column < width; column++)
        {
            var unit = new double[width];
            unit[column] = 1;
            Cholesky.Solve((double[,])a.Clone(), unit);
            for (var row = 0; row < width; row++)
                inverse[row][column] = (float)unit[row];
        }

        return inverse;
    }

    private static Matrix Part(Matrix whole, (int From, int To) rows) =>
        new(rows.To - rows.From, whole.Columns, whole.Data[(rows.From * whole.Columns)..(rows.To * whole.Columns)]);

    private static double Gain(Matrix targets, Matrix forecasts, int effect)
    {
        var differences = new double[targets.Rows];
        for (var row = 0; row < differences.Length; row++)
        {
            // e^2 - (f^2 - (e - f)^2) with f = e - forecast, as for nested models.
            double e = targets[row][effect], forecast = forecasts[row][effect];
            differences[row] = 2 * e * forecast;
        }

        return HeldOutTest.Statistic(differences);
    }
}
