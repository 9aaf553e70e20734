namespace Ops.Picking;

/// <summary>The range of every score.</summary>
internal static class Unit
{
    /// <summary>The value within 0..1. What is no number becomes 0: one bad figure must not decide a sum.</summary>
    internal static float Clamp(float value) => value >= 0 ? Math.Min(value, 1) : 0;
}
