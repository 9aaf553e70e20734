using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ops.Api;
using Ops.Healing.Catalogue;
using Ops.HealingScenario;
using Ops.Sandbox.ShopPlan;

namespace Ops.Bench.Healing.Acv;

/// <summary>
/// The whole shop with users in the sandbox, and what people do in it: give goals, give tasks and approve them, change the
/// load, break something. Processor limits are set so that 20 users take a fifth to a quarter of one; the sandbox does not enforce them.
/// </summary>
internal sealed class AcvWorld : IAsyncDisposable
{
    /// <summary>The service of single-agent tasks.</summary>
    public const string Service = "catalog";

    /// <summary>The services of a manager's tasks: what users see, and what it waits for.</summary>
    public static readonly IReadOnlyList<string> Group = ["frontend", Service];

    /// <summary>Users as long as nothing happens.</summary>
    public const int FewUsers = 20;

    /// <summary>Processor limits in millicores. 20 users take 41 of the frontend and 24 of the catalog.</summary>
    public static readonly IReadOnlyDictionary<string, int> MilliCores = new Dictionary<string, int> { ["frontend"] = 200, [Service] = 100 };

    // Fifteen processes start one after the other, each when its callees are ready.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly HttpClient client = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };
    private HealingWorld world;
    private int tasks;

    private AcvWorld(HealingWorld world) => this.world = world;

    /// <summary>The sandbox.</summary>
    public HealingWorld World => world;

    /// <summary>Reads pages of pods.</summary>
    public HttpClient Http => client;

    /// <summary>Starts everything and waits until it is well.</summary>
    public static async Task<AcvWorld> StartAsync(CancellationToken cancellation) => new(await StartWorldAsync(cancellation));

    /// <summary>Gives goals in place of those before.</summary>
    public Task GoalsAsync(IReadOnlyList<HealingGoal> goals, CancellationToken cancellation) =>
        KubectlAsync(["patch", "hp", "shop", "--type=json", "-p", $$"""[{"op":"add","path":"/spec/goals","value":{{k8s.KubernetesJson.Serialize(goals)}}}]"""], cancellation);

    /// <summary>How a goal stands by the policy's status; null where it says nothing of it.</summary>
    public GoalStatus? Goal(string name) => world.Policy()?.Status?.Goals?.FirstOrDefault(goal => goal.Name == name);

    /// <summary>What was found and done last, for people.</summary>
    public string Story() => string.Join("; ", world.Remediations().OrderBy(one => one.Metadata.CreationTimestamp).TakeLast(6)
        .Select(one => $"{one.Status?.StartedAt:HH:mm:ss} {one.Spec.Cause} {string.Join(", ", one.Spec.Actions.Select(action => $"{action.Type} {action.Target.Name} {action.Parameters?.GetValueOrDefault("replicas")}"))}: {one.Status?.FinishedAt:HH:mm:ss} {one.Status?.Phase} {one.Status?.Reason}")
        .Concat((world.Policy()?.Status?.Goals ?? []).Select(goal => $"{goal.Name} {goal.State} {goal.Value} ({goal.Reason})")));

    /// <summary>Gives a task as a typed Remediation, approves it as somebody, and waits for its end.</summary>
    /// <returns>How it ended: the phase and why.</returns>
    public async Task<(string Phase, string Reason)> TaskAsync(RemediationAction action, CancellationToken cancellation)
    {
        var plan = new Remediation
        {
            Metadata = new() { Name = string.Create(CultureInfo.InvariantCulture, $"task-{++tasks}"), NamespaceProperty = HealingWorld.Ns },
            Spec = new() { Policy = "shop", Planner = RemediationPlanners.Person, Rationale = "An operator asks for it.", Actions = [action] },
        };
        await ApplyAsync(k8s.KubernetesJson.Serialize((object)plan), cancellation);
        Remediation? Now() => world.Remediations().FirstOrDefault(one => one.Metadata.Name == plan.Metadata.Name);
        await world.UntilAsync("the task waits for approval", () => Now()?.Status is { Phase: RemediationPhases.AwaitingApproval, PlanHash: not null } || RemediationPhases.IsFinal(Now()?.Status?.Phase), cancellation);
        if (Now()!.Status is { Phase: RemediationPhases.AwaitingApproval, PlanHash: { } hash })
        {
            var decisions = JsonSerializer.Serialize(new[] { new { remediation = plan.Metadata.Name, planHash = hash, decision = "approve" } });
            await ApplyAsync($$$"""{"apiVersion":"ops.autonomic.dev/v1alpha1","kind":"Approver","metadata":{"name":"ada"},"spec":{"decisions":{{{decisions}}}}}""", cancellation);
        }

        await world.UntilAsync("the task ends", () => RemediationPhases.IsFinal(Now()?.Status?.Phase), cancellation);
        return (Now()!.Status!.Phase!, Now()!.Status!.Reason ?? "");
    }

    /// <summary>Has so many users from now on.</summary>
    public async Task UsersAsync(int users, CancellationToken cancellation)
    {
        await KubectlAsync(["set", "env", "deployment/load", $"SHOP_USERS={users}"], cancellation);
        await world.UntilAsync($"{users} users are there", () => world.IsHealthy() && world.Pods(Shop.Load) is [{ Spec.Containers: [{ Env: var variables }] }] && variables.Any(one => one.Name == "SHOP_USERS" && one.Value == $"{users}"), cancellation);
    }

    /// <summary>Everything as it was at the start: no goals, one pod each, few users, nothing broken; where that does not come about, a new world.</summary>
    public async Task ResetAsync(CancellationToken cancellation)
    {
        try
        {
            await GoalsAsync([], cancellation);
            await world.UntilAsync("plans have ended", () => world.Remediations().All(one => RemediationPhases.IsFinal(one.Status?.Phase)), cancellation);
            await UsersAsync(FewUsers, cancellation);
            foreach (var service in Group)
            {
                await world.MendAsync(service, cancellation);
                await KubectlAsync(["scale", $"deployment/{service}", "--replicas=1"], cancellation);
            }

            await world.WellAsync(cancellation);
        }
        catch (Exception trouble) when (trouble is TimeoutException or HttpRequestException)
        {
            await world.DisposeAsync();
            world = await StartWorldAsync(cancellation);
        }
    }

    /// <summary>Runs kubectl in the shop's namespace.</summary>
    public Task KubectlAsync(string[] arguments, CancellationToken cancellation) => world.RunAsync([KubectlCommand.Of(arguments)], cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await world.DisposeAsync();
    }

    private static async Task<HealingWorld> StartWorldAsync(CancellationToken cancellation)
    {
        var shape = new WorldShape { HasFaults = false, Patience = Patience, Services = [.. Shop.Services.Select(service => service.Name).Where(name => name != "batch"), Shop.Load], Document = Limited };
        var made = await HealingWorld.StartAsync(cancellation, shape);
        var sample = Path.Combine(Ops.Testing.Repository.Root, "manifests", "samples", "healing-tasks.yaml");
        var actions = new JsonArray([.. ActionCatalogue.All.Concat(ActionCatalogue.Tasks).Where(action => !action.IsDestructive).Select(action => (JsonNode)action.Type)]).ToJsonString();
        await made.RunAsync([KubectlCommand.Of("apply", "-f", sample), KubectlCommand.Of("patch", "hp", "shop", "--type=merge", "-p", $$$"""{"spec":{"verifyWithin":"4s","actions":{{{actions}}}}}""")], cancellation);
        await made.WellAsync(cancellation);
        return made;
    }

    private Task ApplyAsync(string document, CancellationToken cancellation) => world.RunAsync([KubectlCommand.Apply(document)], cancellation);

    private static string Limited(string document)
    {
        var name = MilliCores.Keys.FirstOrDefault(name => document.Contains($"metadata:\n  name: {name}\n", StringComparison.Ordinal));
        return name is null ? document : document.Replace("          limits:\n", $"          limits:\n            cpu: {MilliCores[name]}m\n", StringComparison.Ordinal);
    }
}
