using System.Globalization;
using Ops.Api;
using Ops.Cli.Terminal;
using Ops.Learning;
using Ops.Picking;

namespace Ops.Cli.Train;

/// <summary><c>./ops train --continue</c>: corrects the route's present policy by what its exploration led to.</summary>
internal static class ContinueRun
{
    /// <summary>Reads the outcomes and corrects the policy.</summary>
    /// <returns>The new policy file; null when nothing changes, and it was said why.</returns>
    /// <exception cref="UserError">The route has no policy that could be continued.</exception>
    public static async Task<byte[]?> RunAsync(Screen screen, TrainedCluster cluster, ModelRoute route, TrainingOrder order, CancellationToken cancellation)
    {
        var name = $"{route.Metadata.NamespaceProperty}/{route.Metadata.Name}";
        var present = await cluster.PolicyAsync(route, cancellation);
        var model = Read(present, order);
        using var pages = new OutcomePages(screen);
        var outcomes = await pages.ReadAsync(await cluster.RoutersAsync(cancellation), name, PolicyFile.Digest(present), model.Pools, cancellation);
        var result = await Task.Run(() => PolicyContinuation.Of(model, outcomes, RouteTrainer.Validation(order), new()), cancellation);
        foreach (var line in Describe(result))
            screen.Line(line);
        if (result.Explored < PolicyContinuation.LeastExplored && route.Spec.EffectivePolicy.EffectiveExploration == 0)
            screen.Line($"        the route does not explore: kubectl patch mr {route.Metadata.Name} -n {route.Metadata.NamespaceProperty} --type merge -p '{{\"spec\":{{\"policy\":{{\"exploration\":{LiveExplorer.MostShare.ToString(CultureInfo.InvariantCulture)}}}}}}}'");
        return result.Model is { } corrected ? PolicyFile.Write(corrected) : null;
    }

    /// <summary>What was learned from what.</summary>
    internal static IEnumerable<string> Describe(Continuation result)
    {
        if (result.Noise > 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"noise   {result.Noise:0.00} of quality over {OutcomeRing.WindowSeconds} s by outcome, after state and arrivals explained {100 * result.Explained:0.0} % of the variance; from {result.Explored:N0} explored and {result.Controls:N0} others a mean effect is known within +-{1.96 * result.Seen:0.000}");
            yield return string.Create(CultureInfo.InvariantCulture, $"learned what was tried is worth {result.Effect.Predicted + result.Effect.Added:+0.000;-0.000;0.000} on average beside the choice, the policy thought {result.Effect.Predicted:+0.000;-0.000;0.000}; evidence for a correction {result.Evidence:0.0}, on the newest quarter {result.HeldOut:0.0} (logs)");
        }

        yield return result.Model is { } model
            ? string.Create(CultureInfo.InvariantCulture, $"changed {result.Reason}; margin {model.Margin:0.##}.")
            : $"unchanged: {result.Reason}.";
    }

    private static PolicyModel Read(byte[] present, TrainingOrder order)
    {
        try
        {
            return PolicyFile.Read(present, [.. order.Fleet.Pools.Select(pool => pool.Name)]);
        }
        catch (InvalidDataException error)
        {
            throw new UserError($"The route's policy cannot be continued: {error.Message}");
        }
    }
}
