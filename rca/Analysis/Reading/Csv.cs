using System.Globalization;
using System.Text;

namespace Ops.Rca.Reading;

/// <summary>Comma-separated text (RFC 4180) in UTF-8, held whole: an input has at most some million cells.</summary>
internal static class Csv
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Every row, each with its fields.</summary>
    /// <exception cref="BadInputException">The file is not there, is not UTF-8, or a row has more fields than the first.</exception>
    public static List<string[]> Read(string file)
    {
        string text;
        try
        {
            using var reader = new StreamReader(file, Strict, detectEncodingFromByteOrderMarks: true);
            text = reader.ReadToEnd();
        }
        catch (DecoderFallbackException)
        {
            throw new BadInputException($"{file} is not UTF-8 text.");
        }
        catch (IOException e)
        {
            throw new BadInputException($"{file} cannot be read: {e.Message}");
        }

        if (text.Contains('\0', StringComparison.Ordinal))
            throw new BadInputException($"{file} is not UTF-8 text: it holds zero bytes.");
        var rows = Parse(text);
        for (var line = 1; line < rows.Count; line++)
            if (rows[line].Length > rows[0].Length)
                throw new BadInputException($"{file}, row {line + 1}: {rows[line].Length} fields where the first row has {rows[0].Length}.");
        return rows;
    }

    /// <summary>A number; NaN for what is empty or no number.</summary>
    public static double Number(string[] row, int field) =>
        field < row.Length && double.TryParse(row[field], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : double.NaN;

    private static List<string[]> Parse(string text)
    {
        var rows = new List<string[]>();
        var fields = new List<string>();
        var field = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quoted && c == '"' && i + 1 < text.Length && text[i + 1] == '"')
            {
                field.Append('"');
                i++;
            }
            else if (c == '"')
                quoted = !quoted;
            else if (c == ',' && !quoted)
                Finish(field, fields);
            else if (c == '\n' && !quoted)
                EndRow();
            else if (c != '\r' || quoted)
                field.Append(c);
        }

        if (field.Length > 0 || fields.Count > 0)
            EndRow();
        return rows;

        void EndRow()
        {
            Finish(field, fields);
            if (fields.Count > 1 || fields[0].Length > 0)
                rows.Add([.. fields]);
            fields.Clear();
        }
    }

    private static void Finish(StringBuilder field, List<string> fields)
    {
        fields.Add(field.ToString().Trim());
        field.Clear();
    }
}
