using System.Text.Json;

namespace Ops.Router;

/// <summary>
/// Keeps what callers have used of their day and month in a file, so that a restart begins no budget anew. Written every
/// five seconds where something changed and at the end of the process: a router that is killed forgets five seconds.
/// </summary>
internal sealed partial class BudgetFile(string path, CallerMeters meters, TimeProvider time, ILogger<BudgetFile> logger) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private static readonly JsonSerializerOptions Strict = new() { RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    private byte[] _written = [];

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        Load();
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // The server has stopped by now, so this is the last word.
        Save();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                Save();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The end of the process.
        }
    }

    private void Load()
    {
        try
        {
            var ledger = JsonSerializer.Deserialize<Ledger>(File.ReadAllBytes(path), Strict) ?? throw new JsonException("It holds null.");
            foreach (var (caller, used) in ledger.Callers)
                meters.Restore(caller, ledger.Day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc), used.Day, used.Month);
            Log.Read(logger, ledger.Callers.Count, path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            Log.Absent(logger, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            // Serving everybody matters more than this day's budgets of some.
            Log.Unreadable(logger, path, e.Message);
        }
    }

    private void Save()
    {
        var callers = meters.Used().ToDictionary(c => c.Caller, c => new Used(c.Day, c.Month), StringComparer.Ordinal);
        var bytes = JsonSerializer.SerializeToUtf8Bytes(new Ledger(DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime), callers));
        if (bytes.AsSpan().SequenceEqual(_written))
            return;
        try
        {
            // Another file takes its place as a whole: whoever reads finds the old one or the new one.
            var next = path + ".next";
            File.WriteAllBytes(next, bytes);
            File.Move(next, path, overwrite: true);
            _written = bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.Unwritable(logger, path, e.Message);
        }
    }

    // {"Day":"2026-02-28","Callers":{"team-a":{"Day":120,"Month":4000}}}: tokens, and ids that stand in the access log too.
    private sealed record Ledger(DateOnly Day, Dictionary<string, Used> Callers);

    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
    private readonly record struct Used(long Day, long Month);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Budgets of {Count} callers go on as {Path} says")]
        public static partial void Read(ILogger logger, int count, string path);

        [LoggerMessage(2, LogLevel.Information, "There is no {Path} yet, so all budgets are unused")]
        public static partial void Absent(ILogger logger, string path);

        [LoggerMessage(3, LogLevel.Error, "{Path} cannot be read, so the budgets of this day and month begin anew; delete the file or give the router the right to read it: {Reason}")]
        public static partial void Unreadable(ILogger logger, string path, string reason);

        [LoggerMessage(4, LogLevel.Warning, "{Path} cannot be written, so a restart forgets what callers have used; mount a volume there that the router may write to: {Reason}")]
        public static partial void Unwritable(ILogger logger, string path, string reason);
    }
}
