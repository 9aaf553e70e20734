using System.CommandLine;
using System.Globalization;
using Ops.Cli.Chaos.Recording;
using Ops.Cli.Terminal;
using Ops.Cli.Up;
using Ops.Sandbox.ShopPlan;
using Spectre.Console;

namespace Ops.Cli.Chaos;

/// <summary><c>./ops chaos</c>: real faults in the running sample shop.</summary>
internal static class ChaosCommand
{
    private static readonly TimeSpan DefaultSpan = TimeSpan.FromMinutes(2);

    public static Command Create(Screen screen, TimeProvider time)
    {
        var state = new Option<string?>("--state") { HelpName = "folder", Description = "State folder of the running ./ops up. Default: .ops beside the sources." };
        var space = new Option<string>("--namespace") { HelpName = "name", DefaultValueFactory = _ => "shop", Description = "Namespace of the shop." };
        return new Command("chaos", "Inject real faults into the sample shop and its objects: ./ops up --shop, or kubectl apply -k manifests/samples/shop.")
        {
            List(screen),
            Inject(screen, state, space),
            Stop(screen, state, space),
            Undo(screen, state, space),
            RecordCommand.Create(screen, state, space, time),
        };
    }

    private static Command List(Screen screen)
    {
        var command = new Command("list", "Every kind of fault, what it does and which services it fits.");
        command.SetAction(_ =>
        {
            var table = new Table().AddColumns("fault", "what really happens", "services, the default first");
            table.Border = TableBorder.Minimal;
            foreach (var fault in Faults.All)
                table.AddRow(Markup.Escape(fault.Name), Markup.Escape(fault.Summary), Markup.Escape(string.Join(", ", fault.Targets)));
            screen.Widget(table);
            var objects = new Table().AddColumns("fault of an object", "the object at fault", "its cause");
            objects.Border = TableBorder.Minimal;
            foreach (var fault in ObjectFaults.Anywhere)
                objects.AddRow(Markup.Escape(fault.Name), Markup.Escape(fault.Location!), Markup.Escape(fault.Cause!));
            screen.Widget(objects);
        });
        return command;
    }

    private static Command Undo(Screen screen, Option<string?> state, Option<string> space)
    {
        var name = new Argument<string>("fault") { Description = "Which fault of an object; ./ops chaos list shows them." };
        var command = new Command("undo", "Bring the object of a fault back as it was.") { name, state, space };
        command.SetAction(async (parsed, cancellation) =>
        {
            var fault = ObjectFaults.Find(parsed.GetValue(name)!)
                ?? throw new UserError($"There is no fault {parsed.GetValue(name)} of an object; choose one of {string.Join(", ", ObjectFaults.Anywhere.Select(one => one.Name))}.");
            await Objects(parsed.GetValue(state), parsed.GetValue(space)!).UndoAsync(fault, cancellation);
            screen.Line($"{fault.Location} is as it was before {fault.Name}.");
        });
        return command;
    }

    private static ObjectChaos Objects(string? state, string space)
    {
        var folder = Path.GetFullPath(state ?? StateFolder.DefaultPath);
        var running = StateFolder.Find(folder) ?? throw new UserError($"No ./ops up is ready in {folder}; start one in another terminal with ./ops up --shop.");
        return new(running.Kubeconfig, space, Path.Combine(folder, "chaos"));
    }

    private static Command Inject(Screen screen, Option<string?> state, Option<string> space)
    {
        var kind = new Argument<string>("fault") { Description = "Which fault; ./ops chaos list shows them." };
        var service = new Option<string?>("--service") { HelpName = "name", Description = "Where. Default: the first service of the list." };
        var span = new Option<TimeSpan?>("--for") { HelpName = "time", CustomParser = Durations.ParseOption, Description = "It ends by itself after this, at most 1h. Default: 2m." };
        var ramp = new Option<TimeSpan?>("--ramp") { HelpName = "time", CustomParser = Durations.ParseOption, Description = "It grows to its strength in this time. Default: at once." };
        var strength = new Option<double>("--strength") { HelpName = "share", DefaultValueFactory = _ => 1, Description = "Above 0, at most 1." };
        var command = new Command("inject", "Inject a fault. One of a process ends by itself; one of an object stays until it is healed or undone.") { kind, service, span, ramp, strength, state, space };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (ObjectFaults.Find(parsed.GetValue(kind)!) is { } fault)
            {
                await Objects(parsed.GetValue(state), parsed.GetValue(space)!).InjectAsync(fault, cancellation);
                screen.Line($"{fault.Name} in {fault.Location}. With a HealingPolicy in the namespace, watch it heal: kubectl -n {parsed.GetValue(space)} get inc,rem -w. Else ./ops chaos undo {fault.Name}.");
                return;
            }

            var order = FaultOrder.Check(
                parsed.GetValue(kind)!, parsed.GetValue(service), parsed.GetValue(strength),
                parsed.GetValue(ramp) ?? TimeSpan.Zero, parsed.GetValue(span) ?? DefaultSpan);
            using var shop = await RunningShop.FindAsync(parsed.GetValue(state) ?? StateFolder.DefaultPath, parsed.GetValue(space)!, cancellation);
            await shop.InjectAsync(order, cancellation);
            screen.Line(string.Create(CultureInfo.InvariantCulture,
                $"{order.Fault.Name} in {order.Service} for {order.Span.TotalSeconds:0.#} s: {order.Fault.Summary}. End it earlier with ./ops chaos stop."));
        });
        return command;
    }

    private static Command Stop(Screen screen, Option<string?> state, Option<string> space)
    {
        var command = new Command("stop", "End every fault now.") { state, space };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var shop = await RunningShop.FindAsync(parsed.GetValue(state) ?? StateFolder.DefaultPath, parsed.GetValue(space)!, cancellation);
            var ended = await shop.StopAsync(cancellation);
            screen.Line(string.Create(CultureInfo.InvariantCulture, $"{ended} {(ended == 1 ? "fault" : "faults")} ended."));
        });
        return command;
    }
}
