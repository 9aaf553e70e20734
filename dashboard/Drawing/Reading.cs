using Microsoft.AspNetCore.Components;

namespace Ops.Dashboard.Drawing;

/// <summary>What a chart says of one place in it.</summary>
/// <param name="X">Where the place is, 0 at the left edge to 1 at the right one.</param>
/// <param name="Time">The moment, written.</param>
/// <param name="Rows">Each line: its colour (s0 to s7), what it is, and its value with the unit.</param>
public sealed record Reading(double X, string Time, IReadOnlyList<(string Css, string Name, string Value)> Rows)
{
    /// <summary>The whole in one sentence, for those who listen.</summary>
    public string Text => $"{Time}: {string.Join(", ", Rows.Select(row => $"{row.Name} {row.Value}"))}";
}

/// <summary>Where in a chart somebody reads; told by ops.js twice a second at most.</summary>
public sealed class ReadEventArgs : EventArgs
{
    /// <summary>0 at the left edge to <see cref="ChartReader.Steps"/> at the right one; negative when nobody reads any more.</summary>
    public int Place { get; set; }
}

/// <summary>Makes @onread known to markup.</summary>
[EventHandler("onread", typeof(ReadEventArgs), enableStopPropagation: false, enablePreventDefault: false)]
public static class EventHandlers;
