using System.Globalization;

namespace Ops.Profiles.Tests;

/// <summary>The published measurements, where the data folder is present.</summary>
internal static class MeasuredData
{
    private const string File = "energy/ml-energy-v3-llm-configs.csv";

    /// <summary>The folder named by OPS_DATA, or shared/data beside or above the checkout; null where there is none.</summary>
    public static string? Path { get; } = Find();

    public static string Missing => $"{File} is not here: it is published data that is never committed. Set OPS_DATA to its folder.";

    public static IReadOnlyList<MeasuredPoint> Points(ServingProfile profile)
    {
        var lines = System.IO.File.ReadAllLines(Path!);
        var columns = lines[0].Split(',').Select((name, index) => (name, index)).ToDictionary(c => c.name, c => c.index, StringComparer.Ordinal);
        return lines.Skip(1)
            .Select(line => line.Split(','))
            .Where(row => row[columns["gpu_model"]] == profile.Gpu.DataName
                && row[columns["model_id"]] == profile.Model
                && row[columns["task"]] == profile.Task
                && int.Parse(row[columns["num_gpus"]], CultureInfo.InvariantCulture) == profile.GpuCount)
            .Select(row => new MeasuredPoint(Number(row, "avg_batch_size"), Number(row, "median_itl_ms"), Number(row, "avg_power_watts")))
            .OrderBy(p => p.Batch)
            .ToList();

        double Number(string[] row, string column) => double.Parse(row[columns[column]], CultureInfo.InvariantCulture);
    }

    private static string? Find()
    {
        var named = Environment.GetEnvironmentVariable("OPS_DATA");
        if (named is not null && System.IO.File.Exists(System.IO.Path.Combine(named, File)))
            return System.IO.Path.Combine(named, File);
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = System.IO.Path.Combine(folder.FullName, "shared", "data", File);
            if (System.IO.File.Exists(candidate))
                return candidate;
        }
        return null;
    }
}
