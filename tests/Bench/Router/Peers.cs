using System.Net;
using Ops.Testing;

namespace Ops.Bench.Router;

/// <summary>The processes that stand beside our router: what a team would put there instead. All on loopback.</summary>
internal sealed class Peers(string folder) : IAsyncDisposable
{
    private readonly List<ChildProcess> _processes = [];

    /// <summary>Waits until a small request is answered.</summary>
    internal static async Task UntilServedAsync(Contender contender, CancellationToken cancellation)
    {
        var request = Wire.Request(contender, 200);
        for (var attempt = 0; attempt < 100; attempt++)
        {
            var result = await LoadClient.RunAsync(contender, request, 1, TimeSpan.FromMilliseconds(1), cancellation);
            if (result.Answered > 0)
                return;
            await Task.Delay(100, cancellation);
        }

        throw new BenchCannotRunException($"{contender.Label} served nothing within 10 s");
    }

    /// <summary>The bench's own executable in another mode.</summary>
    /// <param name="key">Part of the figures' keys.</param>
    /// <param name="label">For people.</param>
    /// <param name="mode">upstream or yarp.</param>
    /// <param name="more">How many addresses the upstream has, or the upstream's URL.</param>
    /// <param name="cancellation">Gives up.</param>
    internal Task<Contender> HelperAsync(string key, string label, string mode, string more, CancellationToken cancellation)
    {
        var port = FreePort.Any();
        string[] arguments = [HelperProcess.Verb, mode, $"{port}", more];
        return StartAsync(key, label, port, Environment.ProcessPath!, arguments, [], cancellation);
    }

    /// <summary>nginx as one process, unbuffered; null when it is not on PATH.</summary>
    internal async Task<Contender?> NginxAsync(IPEndPoint upstream, CancellationToken cancellation)
    {
        if (OnPath("nginx") is not { } file)
            return null;
        var port = FreePort.Any();
        var configuration = Path.Combine(folder, "nginx.conf");
        await File.WriteAllTextAsync(configuration, $$"""
            daemon off; master_process off; pid {{folder}}/nginx.pid; error_log stderr warn; worker_rlimit_nofile 10000;
            events { worker_connections 4096; }
            http {
              access_log off; keepalive_requests 100000000; client_max_body_size 64m; client_body_buffer_size 512k;
              client_body_temp_path {{folder}}/n1; proxy_temp_path {{folder}}/n2; fastcgi_temp_path {{folder}}/n3; uwsgi_temp_path {{folder}}/n4; scgi_temp_path {{folder}}/n5;
              upstream engine { server {{upstream}}; keepalive 512; keepalive_requests 100000000; }
              server {
                listen 127.0.0.1:{{port}};
                location / { proxy_pass http://engine; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }
              }
            }
            """, cancellation);
        return await StartAsync("nginx", "nginx", port, file, ["-e", "stderr", "-c", configuration], [], cancellation);
    }

    /// <summary>haproxy with a thread a core; null when it is not on PATH.</summary>
    internal async Task<Contender?> HaproxyAsync(IPEndPoint upstream, CancellationToken cancellation)
    {
        if (OnPath("haproxy") is not { } file)
            return null;
        var port = FreePort.Any();
        var configuration = Path.Combine(folder, "haproxy.cfg");
        await File.WriteAllTextAsync(configuration, $"""
            defaults
              mode http
              timeout connect 5s
              timeout client 60s
              timeout server 60s
              http-reuse always
            listen bench
              bind 127.0.0.1:{port}
              server engine {upstream} pool-max-conn 512

            """, cancellation);
        return await StartAsync("haproxy", "haproxy", port, file, ["-db", "-f", configuration], [], cancellation);
    }

    /// <summary>The npm package @portkey-ai/gateway, kept in a cache between runs; null when it cannot be had.</summary>
    internal async Task<Contender?> PortkeyAsync(IPEndPoint upstream, Action<string> say, CancellationToken cancellation)
    {
        if (OnPath("node") is not { } node || OnPath("npm") is not { } npm)
            return null;
        var cache = Path.Combine(Path.GetTempPath(), "ops-bench-npm");
        var script = Path.Combine(cache, "node_modules", "@portkey-ai", "gateway", "build", "start-server.js");
        if (!File.Exists(script))
        {
            Directory.CreateDirectory(cache);
            say("installing @portkey-ai/gateway into " + cache);
            await using var install = ChildProcess.Start(npm, ["install", "--prefix", cache, "--no-audit", "--no-fund", "--ignore-scripts", "@portkey-ai/gateway@1"], Path.Combine(folder, "npm.log"));
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(TimeSpan.FromMinutes(2));
            try
            {
                await install.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return null;
            }

            if (!File.Exists(script))
                return null;
        }

        // It listens on all addresses and has no option for that.
        var loopback = Path.Combine(folder, "loopback.cjs");
        await File.WriteAllTextAsync(loopback, """
            const net = require('net');
            const listen = net.Server.prototype.listen;
            net.Server.prototype.listen = function (port, ...rest) { return listen.call(this, port, '127.0.0.1', ...rest.filter(r => typeof r === 'function')); };
            """, cancellation);
        var port = FreePort.Any();
        (string, string)[] headers = [("x-portkey-provider", "openai"), ("x-portkey-custom-host", $"http://{upstream}/v1"), ("Authorization", "Bearer sk-bench")];
        var environment = new Dictionary<string, string?> { ["NODE_ENV"] = "production" };
        return await StartAsync("portkey", "Portkey gateway", port, node, ["-r", loopback, script, "--headless", $"--port={port}"], headers, cancellation, environment, streams: false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
            await process.DisposeAsync();
    }

    private async Task<Contender> StartAsync(string key, string label, int port, string file, IEnumerable<string> arguments, (string, string)[] headers, CancellationToken cancellation, Dictionary<string, string?>? environment = null, bool streams = true)
    {
        var process = ChildProcess.Start(file, arguments, Path.Combine(folder, key + ".out"), environment);
        _processes.Add(process);
        var contender = new Contender(key, label, new IPEndPoint(IPAddress.Loopback, port), process.Id, headers, streams);
        try
        {
            await UntilServedAsync(contender, cancellation);
        }
        catch (BenchCannotRunException e)
        {
            throw new BenchCannotRunException($"{e.Message}: {process.Tail(5)}");
        }

        return contender;
    }

    private static string? OnPath(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Append("/usr/sbin")
        .Select(directory => Path.Combine(directory, name))
        .FirstOrDefault(File.Exists);
}
