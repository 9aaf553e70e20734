using System.Net.Sockets;
using k8s.Exceptions;
using Ops.Router;

try
{
    await RouterApp.Build(args).RunAsync();
    return 0;
}
catch (Exception e) when (e is IOException or SocketException or KubeConfigException or InvalidOperationException or FormatException)
{
    // A taken or foreign address, no way to the cluster, a setting that cannot be read: a sentence says more than a stack.
    await Console.Error.WriteLineAsync($"router: {e.Message}{(e.InnerException is { } inner ? $" {inner.Message}" : "")}");
    return 1;
}
