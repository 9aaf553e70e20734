using System.Runtime.InteropServices;

namespace Ops.Picking;

/// <summary>
/// How well a stream kept up with its reader, 0..1: the quality of experience of "Andes" (arXiv 2404.16283). Counts as
/// the tokens come, in constant memory.
/// </summary>
/// <remarks>
/// The reader expects the first token after t seconds and then r tokens a second: the k-th at e(k) = t + (k - 1) / r.
/// They cannot read faster than that, so the k-th token is read at d(k) = max(its arrival, d(k - 1) + 1 / r), never
/// counted before e(k). With the end T = d(n) of reading, the quality is the area below the curve of tokens read by
/// that below the curve of tokens expected:
///     quality = sum over k of (T - d(k)) / sum over k of (T - e(k))
/// It is 1 for every stream that is never behind the reader, however much faster it came. Where both areas are 0 (one
/// token, exactly at the end) the quality is t by its delay.
/// </remarks>
[StructLayout(LayoutKind.Auto)]
public struct ReadingQuality
{
    private readonly double _firstAfter;
    private readonly double _perToken;
    private double _readAt;
    private double _sumRead;
    private double _sumExpected;

    /// <summary>Begins a stream.</summary>
    /// <param name="firstAfterSeconds">Expected seconds to the first token, above 0.</param>
    /// <param name="secondsPerToken">Seconds that the reader needs for a token, above 0.</param>
    public ReadingQuality(double firstAfterSeconds, double secondsPerToken)
    {
        _firstAfter = firstAfterSeconds;
        _perToken = secondsPerToken;
    }

    /// <summary>Tokens so far.</summary>
    public int Tokens { get; private set; }

    /// <summary>The quality up to now; null before the first token.</summary>
    public readonly double? Value
    {
        get
        {
            if (Tokens == 0)
                return null;
            var expected = (Tokens * _readAt) - _sumExpected;
            return expected > 1e-9 && Tokens > 1
                ? Math.Clamp(((Tokens * _readAt) - _sumRead) / expected, 0, 1)
                : Math.Min(1, _firstAfter / _readAt);
        }
    }

    /// <summary>Takes tokens in that came at the same moment.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seconds">Seconds since the request came.</param>
    public void Add(int count, double seconds)
    {
        for (var i = 0; i < count; i++)
        {
            var expected = _firstAfter + (Tokens * _perToken);
            _readAt = Math.Max(Math.Max(seconds, expected), Tokens == 0 ? 0 : _readAt + _perToken);
            _sumRead += _readAt;
            _sumExpected += expected;
            Tokens++;
        }
    }

    /// <summary>
    /// Quality that a stream of the expected length loses with each second that its beginning is delayed: of n tokens at
    /// r a second, 2 r / n at the margin. 0 for a request that does not stream, whose reader sees no timeline.
    /// </summary>
    public static double LossPerSecond(bool streaming, double secondsPerToken, double expectedTokens) =>
        streaming ? 2 / (secondsPerToken * Math.Max(1, expectedTokens)) : 0;
}
