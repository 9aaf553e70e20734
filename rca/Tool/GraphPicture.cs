using System.Text;

namespace Ops.Rca.Tool;

/// <summary>Draws a layout: boxes by suspicion, solid arrows with a lag where the data showed an influence, dashed ones for known calls.</summary>
internal static class GraphPicture
{
    private const int BoxHeight = 30;
    private const int RowHeight = 58;

    /// <summary>Returns the height up to which the page is used.</summary>
    public static int Draw(StringBuilder drawing, GraphLayout layout, int width, int top)
    {
        var columns = layout.Nodes.Max(node => node.Column) + 1;
        var columnWidth = (width - 40) / columns;
        var boxWidth = Math.Min(190, columnWidth - 40);
        int X(Node node) => 20 + (node.Column * columnWidth);
        int Y(Node node) => top + 34 + (node.Row * RowHeight);
        foreach (var link in layout.Links)
        {
            var back = link.To.Column <= link.From.Column;
            var (x1, y1) = (X(link.From) + (back ? boxWidth / 2 : boxWidth), Y(link.From) + (back ? BoxHeight : BoxHeight / 2));
            var (x2, y2) = (X(link.To) + (back ? boxWidth / 2 : 0), Y(link.To) + (back ? 0 : BoxHeight / 2));
            // An arrow over other columns is bent upwards, so that it does not run behind a box between.
            var bend = ((y1 + y2) / 2) - (back ? 0 : 44 * (link.To.Column - link.From.Column - 1));
            drawing.AppendLine($"""<path d="M{x1} {y1}Q{(x1 + x2) / 2} {bend} {x2} {y2}" fill="none" stroke="{(link.Found ? "#333" : "#aaa")}" stroke-width="{(link.Found ? 2 : 1)}"{(link.Found ? "" : " stroke-dasharray=\"4 3\"")} marker-end="url(#tip)"/>""");
            if (link.Label.Length > 0)
                drawing.AppendLine($"""<text x="{(x1 + x2) / 2}" y="{((y1 + y2 + (2 * bend)) / 4) - 5}" text-anchor="middle" fill="#333">{link.Label}</text>""");
        }

        foreach (var node in layout.Nodes)
        {
            var fill = node.Rank <= 1 ? "#d94f3d" : node.Rank <= 3 ? "#f2b49b" : "#eef1f5";
            drawing.AppendLine($"""<rect x="{X(node)}" y="{Y(node)}" width="{boxWidth}" height="{BoxHeight}" rx="5" fill="{fill}" stroke="#888"/>""");
            drawing.AppendLine($"""<text x="{X(node) + 8}" y="{Y(node) + 19}" fill="{(node.Rank <= 1 ? "#fff" : "#111")}">{node.Rank:0.#}  {IncidentPicture.Text(node.Service, Math.Max(6, boxWidth / 8))}</text>""");
        }

        var bottom = layout.Nodes.Max(Y) + BoxHeight + 24;
        drawing.AppendLine($"""<text x="20" y="{bottom}" fill="#666">Number: rank. Solid: the data show that one leads the other, by the seconds beside it. Dashed: influence along a known call.</text>""");
        return bottom + 16;
    }
}
