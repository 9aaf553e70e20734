using System.CommandLine;
using Ops.Bench;
using Ops.Bench.Controller;

// The table of contents: every claim that Ops makes in figures, by the name of its command.
IBench[] benches = [new ControllerBench()];

var json = new Option<FileInfo?>("--json") { Description = "Also write the figures to this file: {name, machine, figures}" };
var quick = new Option<bool>("--quick") { Description = "The same work smaller, at most 60 s, with the same keys" };
var root = new RootCommand("Measures what Ops claims, beside a real peer where there is one");
foreach (var bench in benches)
{
    var command = new Command(bench.Name, bench.Summary) { json, quick };
    command.SetAction(async (parsed, cancellation) =>
    {
        var figures = new Figures();
        try
        {
            await bench.RunAsync(new BenchContext(parsed.GetValue(quick), figures, Console.Error.WriteLine), cancellation);
        }
        catch (BenchCannotRunException e)
        {
            Console.Error.WriteLine($"bench {bench.Name}: {e.Message}");
            return 2;
        }

        Report.Print(bench.Name, figures);
        if (parsed.GetValue(json) is { } file)
            await Report.WriteJsonAsync(file, bench.Name, figures, cancellation);
        return 0;
    });
    root.Subcommands.Add(command);
}

return await root.Parse(args).InvokeAsync();
