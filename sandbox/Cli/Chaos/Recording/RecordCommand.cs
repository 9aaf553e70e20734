using System.CommandLine;
using System.Globalization;
using Ops.Cli.Terminal;
using Ops.Cli.Up;
using Ops.Sandbox.ShopPlan;

namespace Ops.Cli.Chaos.Recording;

/// <summary><c>./ops chaos record</c>: labelled incidents of the running shop, one folder each.</summary>
internal static class RecordCommand
{
    // A thousand at two minutes each would take a day and a half.
    private const int MostIncidents = 1000;

    public static Command Create(Screen screen, Option<string?> state, Option<string> space, TimeProvider time)
    {
        var output = new Option<string>("--out") { HelpName = "folder", Required = true, Description = "Where the folders of the incidents go." };
        var count = new Option<int>("--count") { HelpName = "n", DefaultValueFactory = _ => 12, Description = "Incidents: each round of twelve has every kind of fault, a surge of users and a placebo." };
        var seed = new Option<int>("--seed") { HelpName = "n", DefaultValueFactory = _ => 1, Description = "Seed of kinds, services, strengths and ramps." };
        var normal = new Option<TimeSpan?>("--normal") { HelpName = "time", CustomParser = Durations.ParseOption, Description = "Before each fault. Default: 60s." };
        var fault = new Option<TimeSpan?>("--fault") { HelpName = "time", CustomParser = Durations.ParseOption, Description = "Of each fault. Default: 45s." };
        var recovery = new Option<TimeSpan?>("--recovery") { HelpName = "time", CustomParser = Durations.ParseOption, Description = "After each fault, not recorded. Default: 15s." };
        var cascades = new Option<bool>("--cascades") { Description = "Only faults that grow for a third to five sixths of their time before they are at their worst, so that victims follow seconds later." };
        var kinds = new Option<string?>("--faults") { HelpName = "names", Description = "Only these kinds, such as slow-disk,pool-exhaustion, without surges and placebos; see ./ops chaos list." };
        var pairs = new Option<bool>("--pairs") { Description = "Two faults at a time, of different kinds in different services." };
        kinds.Validators.Add(result =>
        {
            foreach (var name in Names(result.Tokens.Count > 0 ? result.Tokens[^1].Value : null).Where(name => Faults.All.All(one => one.Name != name || one.Metric is null)))
                result.AddError($"--faults has {name}, which is none of {string.Join(", ", Faults.All.Where(one => one.Metric is not null).Select(one => one.Name))}.");
        });
        count.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !(int.TryParse(result.Tokens[^1].Value, CultureInfo.InvariantCulture, out var value) && value is > 0 and <= MostIncidents))
                result.AddError($"--count must be a whole number from 1 to {MostIncidents}, not {result.Tokens[^1].Value}.");
        });
        var command = new Command("record", "Record labelled incidents of the running shop, once a second, in RCAEval's layout.")
        {
            output, count, seed, normal, fault, recovery, cascades, kinds, pairs, state, space,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var pace = new Pace(
                parsed.GetValue(normal) ?? TimeSpan.FromSeconds(60), parsed.GetValue(fault) ?? TimeSpan.FromSeconds(45), parsed.GetValue(recovery) ?? TimeSpan.FromSeconds(15));
            using var shop = await RunningShop.FindAsync(parsed.GetValue(state) ?? StateFolder.DefaultPath, parsed.GetValue(space)!, cancellation);
            foreach (var service in Shop.Services.Select(service => service.Name).Append(Shop.Load))
                if (shop.Pods.Count(pod => pod.Service == service) != 1)
                    throw new UserError($"A recording needs one ready pod of each service; {service} has {shop.Pods.Count(pod => pod.Service == service)}.");
            var (number, from, cascading, named) = (parsed.GetValue(count), parsed.GetValue(seed), parsed.GetValue(cascades), Names(parsed.GetValue(kinds)));
            var incidents = parsed.GetValue(pairs) ? Schedule.DrawPairs(number, from, pace.Fault, cascading, named) : Schedule.Draw(number, from, pace.Fault, cascading, named);
            screen.Line(string.Create(CultureInfo.InvariantCulture,
                $"{incidents.Count} incidents, about {(pace.Normal + pace.Fault + pace.Recovery) * incidents.Count:h\\:mm\\:ss} h, into {parsed.GetValue(output)}"));
            await new Recorder(shop, parsed.GetValue(output)!, pace, screen, time).RunAsync(incidents, cancellation);
        });
        return command;
    }

    private static string[] Names(string? list) => (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
