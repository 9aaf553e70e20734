using k8s.Models;

namespace Ops.Sandbox.Node.Objects;

/// <summary>Numbers that the API writes as an integer or a percentage.</summary>
internal static class Amounts
{
    /// <summary>"25%" of a total, rounded up or down, or the plain integer; the fallback when nothing is given.</summary>
    public static int Scaled(IntOrString? value, int total, bool roundUp, string fallback)
    {
        var text = value?.Value ?? fallback;
        if (!text.EndsWith('%'))
            return int.TryParse(text, out var number) ? number : 0;
        if (!int.TryParse(text[..^1], out var percent))
            return 0;
        var exact = (long)total * percent;
        return (int)(roundUp ? (exact + 99) / 100 : exact / 100);
    }
}
