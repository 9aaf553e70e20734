using System.CommandLine;
using Ops.Bench;
using Ops.Bench.Controller;
using Ops.Bench.Dashboard;
using Ops.Bench.Energy;
using Ops.Bench.Healing;
using Ops.Bench.Incidents;
using Ops.Bench.Rca;
using Ops.Bench.Router;
using Ops.Bench.Routing;
using Ops.Bench.Store;

// The same executable in another process: what a bench measures against.
if (args is [HelperProcess.Verb, ..])
    return await HelperProcess.RunAsync(args);

// The table of contents: every claim that Ops makes in figures, by the name of its command.
IBench[] benches = [new ControllerBench(), new RouterBench(), new RcaBench(), new IncidentsBench(), new RoutingBench(), new EnergyBench(), new HealingBench(), new StoreBench(), new DashboardBench()];

var json = new Option<FileInfo?>("--json") { Description = "Also write the figures to this file: {name, machine, figures}" };
var quick = new Option<bool>("--quick") { Description = "The same work smaller, at most 60 s, with the same keys" };
var soak = new Option<double?>("--soak") { Description = "Minutes of the soak, for benches that have one" };
var part = new Option<string?>("--part") { Description = "Only this part of a bench that has parts; a wrong name lists them" };
var resume = new Option<bool>("--resume") { Description = "With --json: go on with the run that wrote the file and was cut off; its parts that are done stay" };
var root = new RootCommand("Measures what Ops claims, beside a real peer where there is one");
foreach (var bench in benches)
{
    var command = new Command(bench.Name, bench.Summary) { json, quick, soak, part, resume };
    command.SetAction(async (parsed, cancellation) =>
    {
        var figures = new Figures();
        var file = parsed.GetValue(json);
        TimeSpan? soakTime = parsed.GetValue(soak) is { } minutes ? TimeSpan.FromMinutes(minutes) : null;
        var isQuick = parsed.GetValue(quick);
        try
        {
            if (parsed.GetValue(resume) && file is null)
                throw new BenchCannotRunException("--resume needs --json FILE, which holds what is done");
            if (parsed.GetValue(resume) && Report.Restore(file!, bench.Name, isQuick, figures))
                Console.Error.WriteLine($"done before: {string.Join(", ", figures.Parts)}");
            await bench.RunAsync(new BenchContext(isQuick, figures, Console.Error.WriteLine, soakTime, parsed.GetValue(part), file is null ? null : () => Report.WriteJsonAsync(file, bench.Name, isQuick, figures, cancellation)), cancellation);
        }
        catch (BenchCannotRunException e)
        {
            Console.Error.WriteLine($"bench {bench.Name}: {e.Message}");
            return 2;
        }

        Report.Print(bench.Name, figures);
        if (file is not null)
            await Report.WriteJsonAsync(file, bench.Name, isQuick, figures, cancellation);
        return 0;
    });
    root.Subcommands.Add(command);
}

return await root.Parse(args).InvokeAsync();
