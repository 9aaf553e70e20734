using System.CommandLine;
using System.CommandLine.Help;
using Ops.Cli;
using Ops.Cli.Chaos;
using Ops.Cli.Load;
using Ops.Cli.Terminal;
using Ops.Cli.Testing;
using Ops.Cli.Train;
using Ops.Cli.Up;

// The table of contents of ./ops. Each verb is one folder with one *Command file.
var time = TimeProvider.System;
var screen = Screen.ForProcess();
using var interrupts = new Interrupts(screen, time);

var ops = new Command("ops", "Runs a fleet of (simulated) GPU model servers under Kubernetes on this machine.")
{
    UpCommand.Create(screen, time),
    LoadCommand.Create(screen, time),
    ChaosCommand.Create(screen, time),
    TrainCommand.Create(screen, time),
    TestCommand.Create(screen, time),
    new HelpOption(),
};
foreach (var tool in Tools.Commands())
    ops.Add(tool);
ops.Add(HelpCommand.Create(ops));
ops.SetAction(_ => ops.Parse(["--help"]).Invoke());

try
{
    if (await Tools.TryRunAsync(args) is { } code)
        return code;

    // Signals are ours (Interrupts), so the library's own handler with its two-second limit is switched off.
    var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
    var parsed = ops.Parse(args);
    return parsed.Errors.Count == 0
        ? await parsed.InvokeAsync(configuration, interrupts.Token)
        : throw new UserError(Usage.Explain(parsed), Usage.ExitCode);
}
catch (UserError error)
{
    screen.Error(error.Message);
    return error.ExitCode;
}
catch (OperationCanceledException) when (interrupts.Token.IsCancellationRequested)
{
    return Interrupts.ExitCode;
}
