using System.Security;
using System.Text;

namespace Ops.Rca.Tool;

/// <summary>One incident as SVG: above who influences whom, below how the first suspects' metrics moved in time.</summary>
internal static class IncidentPicture
{
    private const int Width = 960;
    private const int Lines = 8;

    /// <summary>The whole document.</summary>
    public static string Draw(Incident incident, Analysis analysis, Explanation explanation)
    {
        var drawing = new StringBuilder();
        var height = Title(drawing, analysis);
        height = GraphPicture.Draw(drawing, GraphLayout.Of(incident, analysis, explanation), Width, height);
        height = TimelinePicture.Draw(drawing, incident, analysis, explanation, Lines, Width, height);
        return $"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{Width}" height="{height}" viewBox="0 0 {Width} {height}" font-family="sans-serif" font-size="12">
            <defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#555"/></marker></defs>
            <rect width="100%" height="100%" fill="#fff"/>
            {drawing}</svg>

            """;
    }

    /// <summary>Names come from outside: what XML would read as markup is written as text.</summary>
    public static string Text(string text, int most = 28) => SecurityElement.Escape(text.Length <= most ? text : text[..(most - 1)] + "…");

    private static int Title(StringBuilder drawing, Analysis analysis)
    {
        var first = analysis.Services[0];
        drawing.AppendLine($"""<text x="20" y="28" font-size="16" font-weight="bold">{Text($"{first.Service}: {string.Join("; ", first.Reasons)}", 110)}</text>""");
        return 44;
    }
}
