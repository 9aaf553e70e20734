using System.Globalization;
using System.Text;

namespace Ops.Learning;

/// <summary>Lines over a common axis as one SVG file.</summary>
/// <param name="title">Above the plot.</param>
/// <param name="xName">Name of the horizontal axis.</param>
/// <param name="yName">Name of the vertical axis.</param>
public sealed class LineChart(string title, string xName, string yName)
{
    private const int Width = 760, Height = 420, Left = 60, Top = 40, Right = 200, Bottom = 50;
    private static readonly string[] Colours = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#7f7f7f"];
    private readonly List<(string Name, (double X, double Y)[] Points)> _lines = [];

    /// <summary>Adds a line.</summary>
    public void Add(string name, IEnumerable<(double X, double Y)> points) => _lines.Add((name, [.. points]));

    /// <summary>Writes the file; at least one line with a point was added.</summary>
    public void Write(string path)
    {
        var all = _lines.SelectMany(l => l.Points).ToList();
        var (x0, x1, y0, y1) = (all.Min(p => p.X), all.Max(p => p.X), Math.Min(0, all.Min(p => p.Y)), all.Max(p => p.Y));
        double X(double x) => Left + ((x - x0) / Math.Max(1e-12, x1 - x0) * (Width - Left - Right));
        double Y(double y) => Height - Bottom - ((y - y0) / Math.Max(1e-12, y1 - y0) * (Height - Top - Bottom));
        var svg = new StringBuilder();
        svg.Append(Invariant($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"12\"><rect width=\"100%\" height=\"100%\" fill=\"white\"/><text x=\"{Left}\" y=\"22\" font-size=\"15\">{Text(title)}</text>"));
        for (var i = 0; i <= 5; i++)
        {
            var (x, y) = (x0 + ((x1 - x0) * i / 5), y0 + ((y1 - y0) * i / 5));
            svg.Append(Invariant($"<line x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{Y(y):0.#}\" y2=\"{Y(y):0.#}\" stroke=\"#ddd\"/><text x=\"{Left - 8}\" y=\"{Y(y) + 4:0.#}\" text-anchor=\"end\">{y:0.###}</text><text x=\"{X(x):0.#}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{x:0.##}</text>"));
        }

        svg.Append(Invariant($"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 12}\" text-anchor=\"middle\">{Text(xName)}</text><text x=\"16\" y=\"{Height / 2}\" text-anchor=\"middle\" transform=\"rotate(-90 16 {Height / 2})\">{Text(yName)}</text>"));
        for (var i = 0; i < _lines.Count; i++)
        {
            var colour = Colours[i % Colours.Length];
            svg.Append(Invariant($"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{string.Join(' ', _lines[i].Points.Select(p => Invariant($"{X(p.X):0.#},{Y(p.Y):0.#}")))}\"/><text x=\"{Width - Right + 12}\" y=\"{Top + 10 + (18 * i)}\" fill=\"{colour}\">{Text(_lines[i].Name)}</text>"));
        }

        File.WriteAllText(path, svg.Append("</svg>\n").ToString());
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string Text(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
