using Ops.Sandbox.Shop;
using Ops.Sandbox.Shop.Gate;

if (args is ["--help"] or ["-h"])
{
    Console.WriteLine(ShopOptions.Help);
    return 0;
}

try
{
    if (args is ["gate", "--listen", var address])
    {
        await GateServer.RunAsync(ShopOptions.Endpoint(address), Environment.GetEnvironmentVariable("GATE_CERTIFICATE"), Environment.GetEnvironmentVariable("GATE_KEY"));
        return 0;
    }

    var options = ShopOptions.Parse(args, Environment.GetEnvironmentVariable);
    await using var server = ShopServer.Build(options, TimeProvider.System);
    await server.StartAsync();
    await server.WaitForShutdownAsync();
    return 0;
}
catch (UsageException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 2;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException)
{
    // The address is taken or not ours, or the folder cannot be written.
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
