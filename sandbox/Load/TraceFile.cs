namespace Ops.Load;

/// <summary>Reads published trace formats as they are.</summary>
public static class TraceFile
{
    /// <summary>Reads a whole trace, or nothing.</summary>
    /// <exception cref="TraceFormatException">A line is broken; the message names file and line.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Trace Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        throw new NotSupportedException("The reader is being written.");
    }
}
