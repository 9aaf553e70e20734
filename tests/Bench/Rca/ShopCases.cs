using System.Formats.Tar;
using System.IO.Compression;
using Ops.Rca;
using Ops.Rca.Reading;

namespace Ops.Bench.Rca;

/// <summary>One recorded incident of the sample shop.</summary>
/// <param name="Labelled">The incident and its cause; for a control the cause is nobody.</param>
/// <param name="Fault">Which fault was injected.</param>
/// <param name="Second">The service in which another fault was injected at the same moment; null for none.</param>
internal sealed record ShopCase(LabelledIncident Labelled, string Fault, string? Second)
{
    /// <summary>One service was at fault.</summary>
    public bool IsSingle => !IsControl && Second is null;

    /// <summary>Nothing was at fault: a placebo, or a surge of users.</summary>
    public bool IsControl => Labelled.Service.Length == 0;
}

/// <summary>
/// Recordings of <c>./ops chaos record</c>, packed as tar.gz: one folder an incident with data.csv, calls.csv,
/// inject_time.txt and truth.json.
/// </summary>
internal static class ShopCases
{
    /// <summary>Every incident of every archive of a folder, in order of name.</summary>
    public static IReadOnlyList<ShopCase> Read(string folder)
    {
        var cases = new List<ShopCase>();
        foreach (var archive in Directory.EnumerateFiles(folder, "*.tar.gz").Order(StringComparer.Ordinal))
        {
            var unpacked = Directory.CreateTempSubdirectory("ops-bench-shop-");
            try
            {
                using (var packed = new GZipStream(File.OpenRead(archive), CompressionMode.Decompress))
                    TarFile.ExtractToDirectory(packed, unpacked.FullName, overwriteFiles: false);
                cases.AddRange(Directory.EnumerateDirectories(unpacked.FullName, "*", SearchOption.AllDirectories).Where(RecordingReader.IsCase).Order(StringComparer.Ordinal)
                    .Select(path => ReadCase(path, $"{Path.GetFileName(archive)}:{Path.GetRelativePath(unpacked.FullName, path)}")));
            }
            finally
            {
                unpacked.Delete(recursive: true);
            }
        }

        return cases;
    }

    private static ShopCase ReadCase(string folder, string name)
    {
        var (labelled, fault, second) = RecordingReader.Read(folder);
        return new ShopCase(labelled with { Incident = labelled.Incident with { Name = name } }, fault, second);
    }
}
