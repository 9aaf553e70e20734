using Ops.Profiles;
using Ops.Sandbox.ModelServer;

if (args is ["--help"] or ["-h"])
{
    Console.WriteLine(ServerOptions.Help);
    return 0;
}
try
{
    var options = ServerOptions.Parse(args);
    await using var app = SimulatedServer.Build(options, TimeProvider.System);
    await app.StartAsync();
    SimulatedServer.Announce(app, options);
    await app.WaitForShutdownAsync();
    return 0;
}
catch (Exception e) when (e is UsageException or UnknownProfileException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 2;
}
catch (IOException e)
{
    // The address is taken or does not exist.
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
