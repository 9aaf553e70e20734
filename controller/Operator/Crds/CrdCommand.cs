namespace Ops.Operator.Crds;

/// <summary>The mode <c>Ops.Operator crds --out FOLDER</c>: writes the definitions and ends.</summary>
internal static class CrdCommand
{
    /// <summary>Runs the mode; 0 or, for wrong arguments, 2.</summary>
    public static int Run(ReadOnlySpan<string> args, TextWriter output, TextWriter error)
    {
        if (args is not ["--out", var folder])
        {
            error.WriteLine("usage: Ops.Operator crds --out FOLDER");
            return 2;
        }

        Directory.CreateDirectory(folder);
        foreach (var (name, yaml) in CrdGenerator.Files())
        {
            var path = Path.Combine(folder, name);
            File.WriteAllText(path, yaml);
            output.WriteLine(path);
        }

        return 0;
    }
}
