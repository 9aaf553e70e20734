using Ops.Dashboard.Health;

namespace Ops.Dashboard.Drawing;

/// <summary>A box to draw.</summary>
/// <param name="Id">Its identity.</param>
/// <param name="Title">Its name.</param>
/// <param name="Detail">A figure or a word under it.</param>
/// <param name="Urgency">How it is.</param>
/// <param name="Href">What a click opens.</param>
/// <param name="Hint">More, on hovering.</param>
/// <param name="Css">Further classes.</param>
public sealed record GraphBox(string Id, string Title, string Detail, Urgency Urgency, string Href, string Hint = "", string Css = "");

/// <summary>An arrow to draw.</summary>
/// <param name="From">Box at its beginning.</param>
/// <param name="To">Box at its end.</param>
/// <param name="Label">A figure beside it.</param>
/// <param name="Css">Further classes.</param>
public sealed record GraphEdge(string From, string To, string Label = "", string Css = "");
