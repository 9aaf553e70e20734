using Ops.Dashboard.Metrics;

namespace Ops.Dashboard.Drawing;

/// <summary>One curve of a chart.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Curve">Its values.</param>
/// <param name="Dashed">For what is wanted or allowed, beside what is.</param>
public sealed record Line(string Name, Curve Curve, bool Dashed = false);

/// <summary>Something that happened, as a mark on every chart.</summary>
/// <param name="At">When.</param>
/// <param name="Text">What, in words.</param>
/// <param name="IsFault">A fault, else an action.</param>
public sealed record Mark(DateTimeOffset At, string Text, bool IsFault);
