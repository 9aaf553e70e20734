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
    var apps = SimulatedServer.BuildAll(options, TimeProvider.System);
    foreach (var (app, its) in apps.Zip([options, .. options.CoResidents]))
    {
        await app.StartAsync();
        SimulatedServer.Announce(app, its);
    }

    // Each hears SIGTERM by itself and lets its answers end.
    await Task.WhenAll(apps.Select(app => app.WaitForShutdownAsync()));
    foreach (var app in apps)
        await app.DisposeAsync();
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
