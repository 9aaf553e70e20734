using System.CommandLine;

namespace Ops.Cli;

/// <summary>A command line that was not understood: what is wrong with it, and where to read more, on one line.</summary>
internal static class Usage
{
    /// <summary>Exit code of a misused command, as most tools have it.</summary>
    public const int ExitCode = 2;

    public static string Explain(ParseResult parsed)
    {
        var problems = string.Join(" ", parsed.Errors.Select(error => error.Message).Where(message => message.Length > 0).Distinct());
        var command = parsed.CommandResult.Command.Name;
        return $"{problems} See ./ops {(command == "ops" ? "" : command + " ")}--help.";
    }
}
