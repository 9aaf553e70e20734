namespace Ops.Picking;

/// <summary>Linear regression that learns one example at a time and slowly forgets. One writer; readers need no lock.</summary>
/// <remarks>
/// gain k = P x / (f + x'P x),  weights += k (y - w'x),  P = (P - k x'P) / f
/// with the forgetting factor f = 0.9995, a memory of 2,000 examples. Where the examples say nothing about some direction,
/// P would grow there without end; above a trace of 1,000 nothing is forgotten.
/// </remarks>
internal sealed class RecursiveLeastSquares
{
    private const double Forgetting = 0.9995;
    private const double MaxTrace = 1_000;

    private readonly int _size;
    private readonly double[] _weights;
    private readonly double[] _p;
    private readonly double[] _px;

    internal RecursiveLeastSquares(int size)
    {
        _size = size;
        _weights = new double[size];
        _p = new double[size * size];
        _px = new double[size];
        for (var i = 0; i < size; i++)
            _p[(i * size) + i] = 1;
    }

    internal double Predict(ReadOnlySpan<double> x)
    {
        var sum = 0.0;
        for (var i = 0; i < _size; i++)
            sum += Volatile.Read(ref _weights[i]) * x[i];
        return sum;
    }

    internal void Learn(ReadOnlySpan<double> x, double y)
    {
        var (spread, trace) = (0.0, 0.0);
        for (var i = 0; i < _size; i++)
        {
            var sum = 0.0;
            for (var j = 0; j < _size; j++)
                sum += _p[(i * _size) + j] * x[j];
            _px[i] = sum;
            spread += sum * x[i];
            trace += _p[(i * _size) + i];
        }

        var forgetting = trace < MaxTrace ? Forgetting : 1;
        var error = y - Predict(x);
        var scale = 1 / (forgetting + spread);
        for (var i = 0; i < _size; i++)
            Volatile.Write(ref _weights[i], _weights[i] + (_px[i] * scale * error));
        for (var i = 0; i < _size; i++)
        {
            for (var j = 0; j < _size; j++)
                _p[(i * _size) + j] = (_p[(i * _size) + j] - (_px[i] * _px[j] * scale)) / forgetting;
        }
    }
}
