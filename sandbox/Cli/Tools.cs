using System.CommandLine;
using System.Diagnostics;

namespace Ops.Cli;

/// <summary>Verbs that live in executables of their own; everything after the verb is theirs.</summary>
internal static class Tools
{
    private static readonly Dictionary<string, (string Project, string Description)> Table = new()
    {
        ["bench"] = ("Ops.Bench", "Measure what Ops claims, beside a real peer where there is one."),
        ["rca"] = ("Ops.Rca.Tool", "Rank the causes of an incident from its metrics."),
    };

    /// <summary>The verbs as commands, for the help text only.</summary>
    public static IEnumerable<Command> Commands() => Table.Select(tool => new Command(tool.Key, tool.Value.Description));

    /// <summary>Runs the tool named by the first argument; null when it names none.</summary>
    /// <exception cref="UserError">The tool is not built.</exception>
    public static async Task<int?> TryRunAsync(string[] arguments)
    {
        if (arguments.Length == 0 || !Table.TryGetValue(arguments[0], out var tool))
            return null;
        var executable = Checkout.Executable(tool.Project);
        if (!File.Exists(executable))
            throw new UserError($"{tool.Project} is not built ({executable} is missing); start through ./ops, which builds it.");

        // Shares this terminal and its signals: Ctrl-C reaches the tool itself, and this process waits for its end.
        using var process = Process.Start(new ProcessStartInfo(executable, arguments[1..]))!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
