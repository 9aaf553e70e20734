using System.CommandLine;
using System.Globalization;
using Ops.Cli.Terminal;
using Ops.Cli.Up;
using Ops.Load;
using Ops.Traces;

namespace Ops.Cli.Load;

/// <summary><c>./ops load</c>: replays a trace through the router and prints what came back.</summary>
internal static class LoadCommand
{
    // Arrivals after this are not generated where the user gives no --for: an hour is what the published traces cover.
    private static readonly TimeSpan DefaultSyntheticSpan = TimeSpan.FromSeconds(60);

    public static Command Create(Screen screen, TimeProvider time)
    {
        var trace = new Option<string?>("--trace") { HelpName = "file", Description = "Trace to replay: Azure LLM (CSV) or Mooncake (JSON lines), in the published format." };
        var synthetic = new Option<string?>("--synthetic") { HelpName = "conv|code", Description = "Generate arrivals and lengths with the published statistics of the Azure 2023 trace." };
        var speedup = new Option<double>("--speedup") { HelpName = "n", DefaultValueFactory = _ => 1, Description = "Replay this many times faster than recorded." };
        var span = new Option<TimeSpan?>("--for") { HelpName = "time", CustomParser = Durations.ParseOption, Description = "Stop sending after this long, for example 60s or 5m. Default: the whole trace; 60s for --synthetic." };
        var url = new Option<string?>("--url") { HelpName = "url", Description = "Router to load. Default: the running ./ops up." };
        var key = new Option<string?>("--key") { HelpName = "key", Description = "API key. Default: the key of the running ./ops up." };
        var model = new Option<string>("--model") { HelpName = "name", DefaultValueFactory = _ => "chat", Description = "Model name of the requests: the name of a ModelRoute." };
        var seed = new Option<int>("--seed") { HelpName = "n", DefaultValueFactory = _ => 1, Description = "Seed of --synthetic." };
        var json = new Option<string?>("--json") { HelpName = "file", Description = "Also write the figures as JSON." };
        var state = new Option<string?>("--state") { HelpName = "folder", Description = "State folder of the running ./ops up. Default: .ops beside the sources." };
        synthetic.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.Tokens[^1].Value is not ("conv" or "code"))
                result.AddError($"--synthetic must be conv or code, not {result.Tokens[^1].Value}.");
        });
        speedup.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0
                && !(double.TryParse(result.Tokens[^1].Value, CultureInfo.InvariantCulture, out var factor) && factor is > 0 and <= 1e6))
                result.AddError($"--speedup must be a number above 0, not {result.Tokens[^1].Value}.");
        });

        var command = new Command("load", "Replay a production trace through the router, open loop, and report what came back.")
        {
            trace, synthetic, speedup, span, url, key, model, seed, json, state,
        };
        command.Validators.Add(result =>
        {
            if ((result.GetValue(trace) is null) == (result.GetValue(synthetic) is null))
                result.AddError("Give either --trace FILE or --synthetic conv|code.");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            var (target, apiKey) = Target(parsed.GetValue(url), parsed.GetValue(key), parsed.GetValue(state));
            var factor = parsed.GetValue(speedup);
            var limit = parsed.GetValue(span);
            var arrivals = parsed.GetValue(trace) is { } file
                ? ReadTrace(file)
                : Generate(parsed.GetValue(synthetic)!, ref limit, factor, parsed.GetValue(seed));
            var options = new LoadOptions
            {
                Target = target,
                ApiKey = apiKey,
                Model = parsed.GetValue(model)!,
                Trace = arrivals,
                Speedup = factor,
                For = limit,
                PromptSalt = (ulong)time.GetTimestamp(),
                TimeProvider = time,
            };
            return await RunAsync(screen, options, parsed.GetValue(json), cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(Screen screen, LoadOptions options, string? json, CancellationToken cancellation)
    {
        await LoadPreflight.CheckAsync(options, cancellation);
        screen.Line(string.Create(CultureInfo.InvariantCulture,
            $"Replaying {options.Trace.Name} ({options.Trace.Requests.Length:N0} requests over {options.Trace.Duration.TotalSeconds:N0} s) {options.Speedup:0.##} times as fast{(options.For is { } span ? $" for {span.TotalSeconds:0.#} s" : "")} on {options.Target}"));

        // Kept open from the start: a file that cannot be written should not cost a finished run.
        await using var output = json is null ? null : OpenJson(json);
        var report = await LoadRun.RunAsync(options, new LoadProgressLine(screen), cancellation);
        LoadTable.Print(screen, report);
        if (output is not null)
            await LoadJson.WriteAsync(output, report, CancellationToken.None);

        if (report.Cancelled)
            return Interrupts.ExitCode;
        return report.Failed == 0 ? 0 : 1;
    }

    private static (Uri Target, string? Key) Target(string? url, string? key, string? state)
    {
        if (url is not null)
            return Uri.TryCreate(url, UriKind.Absolute, out var given) && given.Scheme is "http" or "https"
                ? (given, key)
                : throw new UserError($"--url {url} is not an http address.");

        var folder = Path.GetFullPath(state ?? StateFolder.DefaultPath);
        var running = StateFolder.Find(folder)
            ?? throw new UserError($"No ./ops up is ready in {folder}; start one in another terminal, or give --url and --key.");
        return (new Uri(running.RouterUrl), key ?? running.RouterKey);
    }

    private static Trace ReadTrace(string file)
    {
        if (!File.Exists(file))
            throw new UserError($"The trace {file} does not exist; --synthetic conv needs no file.");
        try
        {
            return TraceFile.Load(file);
        }
        catch (Exception error) when (error is TraceFormatException or IOException or UnauthorizedAccessException)
        {
            throw new UserError(error.Message);
        }
    }

    private static Trace Generate(string kind, ref TimeSpan? limit, double speedup, int seed)
    {
        limit ??= DefaultSyntheticSpan;
        return SyntheticTrace.Generate(kind == "code" ? SyntheticKind.Code : SyntheticKind.Conv, limit.Value * speedup, seed);
    }

    private static FileStream OpenJson(string file)
    {
        try
        {
            return new FileStream(file, FileMode.Create, FileAccess.Write);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"--json {file} cannot be written: {error.Message}");
        }
    }
}
