using System.CommandLine;
using System.Globalization;
using Ops.Cli.Terminal;
using Ops.Cli.Up;
using Ops.Learning;
using Ops.Picking;

namespace Ops.Cli.Train;

/// <summary><c>./ops train</c>: trains a route's policy from the simulator and puts it to use.</summary>
internal static class TrainCommand
{
    public static Command Create(Screen screen, TimeProvider time)
    {
        var route = new Option<string>("--route") { HelpName = "name", DefaultValueFactory = _ => "chat", Description = "ModelRoute to train for." };
        var space = new Option<string>("--namespace") { HelpName = "name", DefaultValueFactory = _ => "default", Description = "Its namespace." };
        var file = new Option<string?>("--file") { HelpName = "folder", Description = "Read route and pools from this kustomization instead of the running ./ops up, and apply nothing." };
        var output = new Option<string?>("--out") { HelpName = "folder", Description = "Where policy and learning curve are written. Default: artifacts/train." };
        var prompt = new Option<double>("--prompt-tokens") { HelpName = "n", DefaultValueFactory = _ => 1155, Description = "Mean prompt length. Default: that of the Azure 2023 conversation trace." };
        var answer = new Option<double>("--output-tokens") { HelpName = "n", DefaultValueFactory = _ => 211, Description = "Mean answer length." };
        var seed = new Option<int>("--seed") { HelpName = "n", DefaultValueFactory = _ => 1, Description = "Seed of streams and weights." };
        var quick = new Option<bool>("--quick") { Description = "Far fewer labels: to see whether it works." };
        var calibrate = new Option<int>("--calibrate") { HelpName = "seconds", DefaultValueFactory = _ => 20, Description = "How long to read the running engines' metrics, so that the simulator is as they are; 0 to simulate the declared profiles." };
        calibrate.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !(int.TryParse(result.Tokens[^1].Value, CultureInfo.InvariantCulture, out var n) && n is >= 0 and <= 600))
                result.AddError($"--calibrate must be 0 to 600 seconds, not {result.Tokens[^1].Value}.");
        });
        var resume = new Option<bool>("--continue") { Description = "Correct the route's present policy by what its exploration (spec.policy.exploration) led to in the running routers." };
        var state = new Option<string?>("--state") { HelpName = "folder", Description = "State folder of the running ./ops up. Default: .ops beside the sources." };
        foreach (var tokens in (Option<double>[])[prompt, answer])
        {
            tokens.Validators.Add(result =>
            {
                if (result.Tokens.Count > 0 && !(double.TryParse(result.Tokens[^1].Value, CultureInfo.InvariantCulture, out var n) && n is >= 1 and <= 16_384))
                    result.AddError($"{tokens.Name} must be 1 to 16384, not {result.Tokens[^1].Value}.");
            });
        }

        var command = new Command("train", "Train a route's policy from simulated traffic, and put it to use in the running ./ops up.")
        {
            route, space, file, output, prompt, answer, seed, quick, calibrate, resume, state,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(resume) && result.GetValue(file) is not null)
                result.AddError("--continue learns from running routers, so it cannot be combined with --file.");
        });
        command.SetAction(async (parsed, cancellation) =>
        {
            var name = (parsed.GetValue(space)!, parsed.GetValue(route)!);
            using var cluster = parsed.GetValue(file) is null ? TrainedCluster.Find(parsed.GetValue(state)) : null;
            var (found, pools) = cluster is null ? TrainedFiles.Read(parsed.GetValue(file)!, name) : await cluster.ReadAsync(name, cancellation);
            var order = RouteOrder.Of(found, pools) with
            {
                PromptTokens = parsed.GetValue(prompt), OutputTokens = parsed.GetValue(answer), Seed = parsed.GetValue(seed), Quick = parsed.GetValue(quick),
            };
            if (cluster is not null && parsed.GetValue(calibrate) is > 0 and var span)
            {
                using var live = new LiveProfiles(screen, time);
                order = await live.CalibrateAsync(order, pools, await cluster.EnginesAsync(name.Item1, pools, cancellation), TimeSpan.FromSeconds(span), cancellation);
            }

            var path = Path.Combine(Folder(parsed.GetValue(output)), $"{name.Item1}-{name.Item2}.policy");
            var bytes = parsed.GetValue(resume)
                ? await ContinueRun.RunAsync(screen, cluster!, found, order, cancellation)
                : Train(screen, time, order, path, name, cancellation);
            if (bytes is null)
                return 0;
            File.WriteAllBytes(path, bytes);
            screen.Line($"policy  {path} ({bytes.Length:N0} bytes)");
            if (cluster is not null)
                await PutToUseAsync(screen, cluster, name, bytes, cancellation);
            return 0;
        });
        return command;
    }

    private static byte[] Train(Screen screen, TimeProvider time, TrainingOrder order, string path, (string Space, string Name) route, CancellationToken cancellation)
    {
        screen.Line(string.Create(CultureInfo.InvariantCulture,
            $"Training for {route.Space}/{route.Name} on a simulated fleet of {string.Join(", ", order.Fleet.Pools.Select(pool => $"{pool.Placement.Length} x {pool.Name}"))}: about {RouteTrainer.Capacity(order.Fleet, order.PromptTokens, order.OutputTokens):0} requests/s of {order.PromptTokens:0} + {order.OutputTokens:0} tokens."));
        var began = time.GetTimestamp();
        var training = RouteTrainer.Train(order, new TrainProgress(screen, time).Report, cancellation);
        var chart = new LineChart("Learning curve (simulated)", "pass over the labels, two rounds", "loss on held-out labels");
        // The one learns by passes over labels, the other stream by stream: each has a curve of its own.
        var advantages = training.Method == TrainingMethod.Advantages ? training : training.Other!;
        chart.Add("advantage", advantages.Curve.Select((loss, pass) => ((double)pass + 1, loss)));
        chart.Write(Path.ChangeExtension(path, ".svg"));

        var result = double.IsPositiveInfinity(training.Model.Margin)
            ? "no margin gained over the price rule without a loss on some kind of arrivals, so this policy is that rule"
            : string.Create(CultureInfo.InvariantCulture, $"margin {training.Model.Margin:0.##}, {training.Gain:+0.00;-0.00} points of performance over the price rule on validation streams (simulated)");
        screen.Line(string.Create(CultureInfo.InvariantCulture, $"{training.Labels:N0} labels in {time.GetElapsedTime(began).TotalSeconds:0} s: {result}."));
        if (training.Other is { } other)
            screen.Line(string.Create(CultureInfo.InvariantCulture, $"kept    {Method(training)}; {Method(other)} would gain {other.Gain:+0.00;-0.00;0.00}"));
        screen.Line($"curve   {Path.ChangeExtension(path, ".svg")}");
        return PolicyFile.Write(training.Model);
    }

    private static string Method(Training training) => training.Method == TrainingMethod.Advantages ? "advantages from rollouts" : "double DQN";

    private static async Task PutToUseAsync(Screen screen, TrainedCluster cluster, (string Space, string Name) route, byte[] bytes, CancellationToken cancellation)
    {
        var map = await cluster.PutToUseAsync(route, bytes, cancellation);
        screen.Line($"route   {route.Space}/{route.Name} now asks for it: ConfigMap {map}. Routers watch it for {PolicyTrial.ShadowRequests} requests before they follow it:");
        screen.Line($"        kubectl get mr {route.Name} -n {route.Space} -o jsonpath='{{.status.policy}}'");
    }

    private static string Folder(string? folder)
    {
        var path = Path.GetFullPath(folder ?? Path.Combine(Checkout.Root, "artifacts", "train"));
        try
        {
            return Directory.CreateDirectory(path).FullName;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UserError($"--out {path} cannot be written: {error.Message}");
        }
    }
}
