using Ops.Sandbox.Shop;

if (args is ["--help"] or ["-h"])
{
    Console.WriteLine(ShopOptions.Help);
    return 0;
}

try
{
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
