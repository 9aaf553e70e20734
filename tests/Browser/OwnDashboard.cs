using Ops.Testing;

namespace Ops.Browser;

/// <summary>Another dashboard process beside the sandbox's, with settings of its own and the rights of the account in ops-system.</summary>
internal sealed class OwnDashboard : IAsyncDisposable
{
    private readonly ChildProcess process;
    private readonly string folder;

    private OwnDashboard(ChildProcess process, string folder) => (this.process, this.folder) = (process, folder);

    /// <summary>Its address.</summary>
    public string Url { get; private set; } = "";

    /// <summary>All that it logged so far.</summary>
    public string Log => process.Tail(int.MaxValue);

    /// <summary>Starts it and waits until it has read the pods.</summary>
    /// <param name="sandbox">Whose API server it asks.</param>
    /// <param name="settings">Environment, given a folder for files.</param>
    public static async Task<OwnDashboard> StartAsync(Dashboard sandbox, Func<string, Dictionary<string, string?>> settings)
    {
        var home = Directory.CreateTempSubdirectory("ops-dashboard-").FullName;
        var answer = await sandbox.SendAsync(HttpMethod.Post, "/api/v1/namespaces/ops-system/serviceaccounts/dashboard/token", """{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}""");
        var kubeconfig = Path.Combine(home, "kubeconfig");
        await File.WriteAllTextAsync(kubeconfig, sandbox.Kubeconfig.Replace(sandbox.AdminToken, (string)answer["status"]!["token"]!, StringComparison.Ordinal));
        var environment = settings(home);
        environment["KUBECONFIG"] = kubeconfig;
        var own = new OwnDashboard(ChildProcess.Start(Repository.Executable("Ops.Dashboard"), ["--urls", "http://127.0.0.1:0"], Path.Combine(home, "log"), environment), home);
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        for (var left = Dashboard.Patience; left > 0; left -= 200)
        {
            const string before = "Now listening on: ";
            if (own.Url.Length == 0 && own.Log.IndexOf(before, StringComparison.Ordinal) is >= 0 and var at)
                own.Url = own.Log[(at + before.Length)..].Split('"', '\n')[0];
            if (own.Url.Length > 0 && await IsReadyAsync(client, own.Url))
                return own;
            if (own.process.HasExited)
                break;
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }

        var log = own.Log;
        await own.DisposeAsync();
        throw new InvalidOperationException($"The dashboard is not ready; it says:\n{log}");
    }

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<bool> IsReadyAsync(HttpClient client, string url)
    {
        try
        {
            using var answer = await client.GetAsync(url + "/readyz", TestContext.Current.CancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException { InnerException: TimeoutException })
        {
            return false;
        }
    }
}
