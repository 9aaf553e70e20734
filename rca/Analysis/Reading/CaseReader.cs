namespace Ops.Rca.Reading;

/// <summary>Finds out which layout a path has.</summary>
public static class CaseReader
{
    /// <summary>Every labelled case at or below a folder, in order of path.</summary>
    /// <exception cref="BadInputException">There is none, or one cannot be read.</exception>
    public static IReadOnlyList<LabelledIncident> ReadCases(string folder)
    {
        var cases = new List<LabelledIncident>();
        foreach (var path in Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories).Append(folder).Order(StringComparer.Ordinal))
            if (NezhaReader.IsDay(path))
                cases.AddRange(NezhaReader.Read(path));
            else if (PetShopReader.IsCase(path))
                cases.Add(PetShopReader.Read(path));
            else if (RecordingReader.IsCase(path))
                cases.AddRange(Recorded(path));
            else if (RcaEvalReader.IsCase(path) && RcaEvalReader.ReadLabelled(path) is { } labelled)
                cases.Add(labelled);
        return cases;
    }

    /// <summary>One incident from a file or from the folder of one case.</summary>
    /// <exception cref="BadInputException">The input cannot be analysed.</exception>
    public static Incident ReadIncident(string path)
    {
        if (!File.Exists(path) && !Directory.Exists(path))
            throw new BadInputException($"{path} does not exist.");
        return !Directory.Exists(path) ? RcaEvalReader.ReadIncident(path)
            : PetShopReader.IsCase(path) ? PetShopReader.Read(path).Incident
            : RecordingReader.IsCase(path) ? RecordingReader.Read(path).Labelled.Incident
            : RcaEvalReader.ReadIncident(path);
    }

    /// <summary>A call graph: an adjacency matrix (row calls column) or a list with a header (caller, callee).</summary>
    /// <exception cref="BadInputException">The file cannot be read.</exception>
    public static IReadOnlyList<CallEdge> ReadCalls(string file) => PetShopReader.ReadGraph(file);

    /// <summary>A time as people write it: seconds since 1970 (or ms, us, ns) or ISO 8601.</summary>
    /// <exception cref="BadInputException">It is no time.</exception>
    public static double ReadTime(string text) =>
        Clock.Parse(text) is var time && double.IsNaN(time) ? throw new BadInputException($"\"{text}\" is no time.") : time;

    // A control has no cause that a method could be measured by.
    private static IEnumerable<LabelledIncident> Recorded(string folder) => RecordingReader.Read(folder).Labelled is { Service.Length: > 0 } labelled ? [labelled] : [];
}
