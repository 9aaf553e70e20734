using System.Net;
using Ops.Testing;

namespace Ops.RouterScenario;

/// <summary>A real llama-server of llama.cpp, with a model that the test has written.</summary>
internal sealed class LlamaServer : IAsyncDisposable
{
    private const string Script = "tests/Scenario/Router/get-llama.sh";

    private LlamaServer(ChildProcess process, IPEndPoint address)
    {
        Process = process;
        Address = address;
    }

    internal ChildProcess Process { get; }

    internal IPEndPoint Address { get; }

    /// <summary>
    /// Why there is none on this machine, with the way to get one; null when there is. In CI it is fetched when missing. It
    /// comes from a suite of Debian that changes daily, so that CI skips what it cannot have too.
    /// </summary>
    internal static async Task<string?> WhyMissingAsync(CancellationToken cancellation)
    {
        if (IsThere)
            return null;
        var why = "llama-server not found; run " + Script + " (half a minute, Debian on x86-64, no root)";
        if (Environment.GetEnvironmentVariable("CI") != "true")
            return why;
        var last = "";
        try
        {
            await SetupScript.RunAsync(Path.Combine(Repository.Root, Script), line => last = line, cancellation);
        }
        catch (InvalidOperationException)
        {
            return $"{why}: {last}";
        }

        return null;
    }

    internal static async Task<LlamaServer> StartAsync(string folder, CancellationToken cancellation)
    {
        var model = Path.Combine(folder, "tiny.gguf");
        RandomModel.Write(model);
        var address = new IPEndPoint(IPAddress.Loopback, FreePort.Any());
        var libraries = Path.Combine(Cache, "root", "usr", "lib", "x86_64-linux-gnu");
        var process = ChildProcess.Start(
            Path.Combine(libraries, "ld-linux-x86-64.so.2"),
            [
                "--library-path", $"{libraries}:{Path.Combine(libraries, "llama")}", Path.Combine(Cache, "root", "usr", "bin", "llama-server"),
                "-m", model, "--host", "127.0.0.1", "--port", $"{address.Port}", "--metrics", "--no-webui", "--threads", "1", "--parallel", "4", "--ctx-size", "8192",
            ],
            Path.Combine(folder, "llama.log"),
            // The plain x86-64 code: a random model of half a megabyte needs no wider registers.
            new Dictionary<string, string?> { ["GGML_BACKEND_PATH"] = Path.Combine(libraries, "ggml", "backends0", "libggml-cpu-x64.so") });
        var server = new LlamaServer(process, address);
        using var http = new HttpClient { BaseAddress = new Uri($"http://{address}") };
        await Until.TrueAsync(
            async () =>
            {
                process.HasExited.ShouldBeFalse(process.Tail());
                return await AnswersAsync(http, cancellation);
            },
            "llama-server is not ready", cancellation);
        return server;
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();

    private static string Cache => SetupScript.Cache("llama");

    private static bool IsThere => File.Exists(Path.Combine(Cache, ".verified"));

    private static async Task<bool> AnswersAsync(HttpClient http, CancellationToken cancellation)
    {
        try
        {
            using var response = await http.GetAsync(new Uri("/health", UriKind.Relative), cancellation);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
