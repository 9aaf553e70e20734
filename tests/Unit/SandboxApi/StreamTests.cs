using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Ops.Sandbox.Api;

namespace Ops.SandboxApi.Tests;

public sealed class StreamTests : ApiTest
{
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Server.NodeStreams = new ProcessStreams();
        await ExpectAsync(201, "POST", Pods, Pod("p", "n1"));
        await ExpectAsync(200, "PATCH", $"{Pods}/p/status", JsonNode.Parse("""
            {"status":{"phase":"Running","containerStatuses":[{"name":"main","image":"x","imageID":"","ready":true,"restartCount":0,"state":{"running":{}}}]}}
            """), "application/merge-patch+json");
    }

    [Fact]
    public async Task Logs_stream_line_by_line()
    {
        using var response = await Http.GetAsync(new Uri($"{Pods}/p/log?follow=true&tailLines=5", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Cancel);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/plain");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));
        (await reader.ReadLineAsync(Cancel)).ShouldBe("main follow tail 5");
        (await reader.ReadLineAsync(Cancel)).ShouldBe("second line");
    }

    [Fact]
    public async Task Logs_that_cannot_be_are_refused_with_a_reason()
    {
        (await ExpectAsync(400, "GET", $"{Pods}/p/log?previous=true"))["message"]!.GetValue<string>().ShouldBe("previous terminated container \"main\" in pod \"p\" not found");
        (await ExpectAsync(400, "GET", $"{Pods}/p/log?container=nope"))["message"]!.GetValue<string>().ShouldBe("container nope is not valid for pod p");
        await ExpectAsync(404, "GET", $"{Pods}/nope/log");
        await ExpectAsync(422, "GET", $"{Pods}/p/log?tailLines=-1");
        Server.NodeStreams = null;
        await ExpectAsync(503, "GET", $"{Pods}/p/log");
    }

    [Theory]
    [InlineData("v5.channel.k8s.io")]
    [InlineData("v4.channel.k8s.io")]
    public async Task Exec_carries_output_errors_and_the_exit_code(string protocol)
    {
        var frames = await ExecAsync(protocol, "stdout=true&stderr=true", ["sh", "-c", "echo out; echo err >&2; exit 3"]);
        frames[1].ShouldBe("out\n");
        frames[2].ShouldBe("err\n");
        var status = JsonNode.Parse(frames[3])!;
        status["reason"]!.GetValue<string>().ShouldBe("NonZeroExitCode");
        status["details"]!["causes"]![0]!["message"]!.GetValue<string>().ShouldBe("3");
    }

    [Fact]
    public async Task Exec_passes_standard_input_until_it_is_closed()
    {
        var frames = await ExecAsync("v5.channel.k8s.io", "stdin=true&stdout=true", ["cat"], "hello");
        frames[1].ShouldBe("hello");
        JsonNode.Parse(frames[3])!["status"]!.GetValue<string>().ShouldBe("Success");
    }

    [Fact]
    public async Task Exec_without_an_upgrade_is_400()
    {
        (await ExpectAsync(400, "GET", $"{Pods}/p/exec?command=ls&stdout=true"))["message"]!.GetValue<string>().ShouldBe("Upgrade request required");
        await ExpectAsync(400, "GET", $"{Pods}/p/exec?stdout=true");
    }

    private async Task<Dictionary<int, string>> ExecAsync(string protocol, string query, IReadOnlyList<string> command, string? input = null)
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(protocol);
        socket.Options.SetRequestHeader("Authorization", $"Bearer {Server.AdminToken}");
        var commands = string.Concat(command.Select(c => $"&command={Uri.EscapeDataString(c)}"));
        await socket.ConnectAsync(new Uri($"{Server.Url.Replace("http", "ws", StringComparison.Ordinal)}{Pods}/p/exec?{query}{commands}"), Cancel);
        socket.SubProtocol.ShouldBe(protocol);
        if (input is not null)
        {
            await socket.SendAsync(new byte[] { 0 }.Concat(Encoding.UTF8.GetBytes(input)).ToArray(), WebSocketMessageType.Binary, true, Cancel);
            await socket.SendAsync(new byte[] { 255, 0 }, WebSocketMessageType.Binary, true, Cancel);
        }

        var frames = new Dictionary<int, string>();
        var buffer = new byte[65536];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer, Cancel);
            if (part.MessageType == WebSocketMessageType.Close) break;
            frames[buffer[0]] = frames.GetValueOrDefault(buffer[0], "") + Encoding.UTF8.GetString(buffer, 1, part.Count - 1);
        }

        socket.CloseStatus.ShouldBe(WebSocketCloseStatus.NormalClosure);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", Cancel);
        return frames;
    }

    /// <summary>Runs commands as processes of this machine, as the kubelet does.</summary>
    private sealed class ProcessStreams : INodeStreams
    {
        public async Task<bool> WriteLogsAsync(string ns, string pod, string container, LogOptions options, Stream destination, CancellationToken cancellationToken)
        {
            await destination.WriteAsync(Encoding.UTF8.GetBytes($"{container}{(options.Follow ? " follow" : "")} tail {options.TailLines}\n"), cancellationToken);
            await destination.WriteAsync("second line\n"u8.ToArray(), cancellationToken);
            if (options.Follow) await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            return true;
        }

        public async Task<int> ExecAsync(string ns, string pod, string container, IReadOnlyList<string> command, Stream? stdin, Stream stdout, Stream stderr, CancellationToken cancellationToken)
        {
            var start = new ProcessStartInfo(command[0]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (var argument in command.Skip(1)) start.ArgumentList.Add(argument);
            using var process = Process.Start(start)!;
            if (stdin is not null) await stdin.CopyToAsync(process.StandardInput.BaseStream, cancellationToken);
            process.StandardInput.Close();
            await Task.WhenAll(process.StandardOutput.BaseStream.CopyToAsync(stdout, cancellationToken), process.StandardError.BaseStream.CopyToAsync(stderr, cancellationToken));
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode;
        }
    }
}
