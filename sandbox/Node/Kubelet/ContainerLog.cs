using System.Globalization;
using System.Text;

namespace Ops.Sandbox.Node.Kubelet;

/// <summary>
/// Output of one run of one container in the format of container runtimes:
/// <c>2026-01-02T03:04:05.123456789Z stdout F the line</c>, P instead of F for a piece of a line without its end.
/// </summary>
internal sealed class ContainerLog(string path, TimeProvider clock) : IDisposable
{
    /// <summary>One run keeps at most two files of this size (10 MiB each), as the kubelet's containerLogMaxSize.</summary>
    public const long FileLimit = 10 * 1024 * 1024;

    /// <summary>Longer lines are cut into pieces of this many bytes, as container runtimes do.</summary>
    private const int PieceLimit = 16 * 1024;

    private readonly Lock guard = new();
    private readonly MemoryStream pending = new();
    private FileStream? file;
    private bool closed;

    public string Path { get; } = path;

    /// <summary>True after the last byte of the run is in the file.</summary>
    public bool IsComplete
    {
        get
        {
            lock (guard)
                return closed;
        }
    }

    public static string RolledPath(string path) => path + ".1";

    public void Append(ReadOnlySpan<byte> output)
    {
        lock (guard)
        {
            if (closed)
                return;
            while (output.Length > 0)
            {
                var end = output.IndexOf((byte)'\n');
                var take = Math.Min(end < 0 ? output.Length : end, PieceLimit - (int)pending.Length);
                pending.Write(output[..take]);
                output = output[take..];
                if (output.Length > 0 && output[0] == '\n')
                {
                    WriteLine(whole: true);
                    output = output[1..];
                }
                else if (pending.Length == PieceLimit)
                {
                    WriteLine(whole: false);
                }
            }
            file?.Flush();
        }
    }

    public void Dispose()
    {
        lock (guard)
        {
            if (closed)
                return;
            if (pending.Length > 0)
                WriteLine(whole: true);
            closed = true;
            file?.Dispose();
            pending.Dispose();
        }
    }

    private void WriteLine(bool whole)
    {
        Open();
        var stamp = clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture);
        file!.Write(Encoding.ASCII.GetBytes($"{stamp} stdout {(whole ? 'F' : 'P')} "));
        file.Write(pending.GetBuffer().AsSpan(0, (int)pending.Length));
        file.WriteByte((byte)'\n');
        pending.SetLength(0);
    }

    private void Open()
    {
        if (file is not null && file.Length < FileLimit)
            return;
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        if (file is not null)
        {
            file.Dispose();
            File.Move(Path, RolledPath(Path), overwrite: true);
        }
        file = new FileStream(Path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
    }
}
