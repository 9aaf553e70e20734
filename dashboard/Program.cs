using k8s.Exceptions;
using Ops.Dashboard;

try
{
    await DashboardApp.Build(args).RunAsync();
    return 0;
}
catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or KubeConfigException or InvalidOperationException or FormatException)
{
    // A taken address, no way to the cluster, a setting that cannot be read: a sentence says more than a stack.
    await Console.Error.WriteLineAsync($"dashboard: {e.Message}{(e.InnerException is { } inner ? $" {inner.Message}" : "")}");
    return 1;
}
