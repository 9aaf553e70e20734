namespace Ops.Cli;

/// <summary>Something the user can put right. The message is one sentence that says what and how; no stack trace is shown.</summary>
internal sealed class UserError(string message, int exitCode = 1) : Exception(message)
{
    /// <summary>Exit code of the process; 1 unless a command says otherwise.</summary>
    public int ExitCode { get; } = exitCode;
}
