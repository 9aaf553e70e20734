using System.CommandLine;

namespace Ops.Cli;

/// <summary><c>ops help [command]</c>, for those who try it before <c>--help</c>.</summary>
internal static class HelpCommand
{
    public static Command Create(Command root)
    {
        var topic = new Argument<string?>("command") { Description = "The command to explain.", DefaultValueFactory = _ => null };
        var command = new Command("help", "Explain ops or one of its commands.") { topic };
        command.SetAction(parsed => root.Parse(parsed.GetValue(topic) is { } name ? [name, "--help"] : ["--help"]).Invoke());
        return command;
    }
}
