using Ops.Healing.Planning.Llm;
using Ops.Hosting;
using Ops.Kube;
using Ops.Llm;
using Ops.Operator;
using Ops.Operator.Budgets;
using Ops.Operator.Crds;
using Ops.Operator.Energy;
using Ops.Operator.Fleet;
using Ops.Operator.Healing;
using Ops.Operator.Hosting;
using Ops.Operator.Pools;
using Ops.Operator.Routes;
using Ops.Operator.Scraping;
using Ops.Operator.Stores;

if (args is ["crds", .. var rest])
    return CrdCommand.Run(rest, Console.Out, Console.Error);
if (args is ["--help" or "-h"])
{
    Console.WriteLine(OperatorOptions.Usage);
    return 0;
}

if (OperatorOptions.Read(args, Environment.GetEnvironmentVariable, out var wrong) is not { } options)
{
    Console.Error.WriteLine($"{wrong}\n{OperatorOptions.Usage}");
    return 2;
}

if (ControllerHost.Client("ops-operator") is not { } client)
    return 2;

var builder = ControllerHost.Builder(
    options.Urls, client, new() { Namespace = options.Namespace, Name = options.LeaseName, Identity = options.Identity }, "ops-operator", OperatorMetrics.Seconds);
builder.Services.AddSingleton(options);
builder.Services.AddSingleton<StatusWriter>();
builder.Services.AddSingleton<FleetCaches>();
builder.Services.AddSingleton<FleetNumbers>();
builder.Services.AddSingleton<MetricsReader>();
builder.Services.AddSingleton<ScrapeLoop>();
builder.Services.AddSingleton<PoolReconciler>();
builder.Services.AddSingleton<RouteReconciler>();
builder.Services.AddSingleton<FleetView>();
builder.Services.AddSingleton<FleetPlans>();
builder.Services.AddSingleton<FleetPlanning>();
builder.Services.AddSingleton<EngineSleep>();
builder.Services.AddSingleton<SleepKeeper>();
builder.Services.AddSingleton<BudgetReconciler>();
builder.Services.AddSingleton<StoreConnections>();
builder.Services.AddSingleton<StoreCopies>();
builder.Services.AddSingleton<StoreReconciler>();
builder.Services.AddSingleton<Healer>();
builder.Services.AddSingleton<HealingCaches>();
builder.Services.AddSingleton<GroupList>();
builder.Services.AddSingleton<NamespaceWatches>();
builder.Services.AddSingleton<MemoryStore>();
builder.Services.AddSingleton<IncidentBook>();
builder.Services.AddSingleton<PlanMaker>();
builder.Services.AddSingleton<TokenMeter>();
builder.Services.AddSingleton<ModelDesk>();
builder.Services.AddSingleton<Deliberation>();
builder.Services.AddSingleton<PolicyReconciler>();
builder.Services.AddSingleton<RemediationLog>();
builder.Services.AddSingleton<RequestMaker>();
builder.Services.AddSingleton<Probation>();
builder.Services.AddSingleton<RemediationReconciler>();
builder.Services.AddSingleton<HealingWork>();
builder.Services.AddHostedService<OperatorService>();

var app = builder.Build();
var caches = app.Services.GetRequiredService<FleetCaches>();
var lease = app.Services.GetRequiredService<LeaderLease>();
OperatorMetrics.Show(() => lease.IsLeader, [("modelpools", () => caches.Pools.Count), ("modelroutes", () => caches.Routes.Count), ("energybudgets", () => caches.Budgets.Count), ("shardedstores", () => caches.Stores.Count), ("pods", () => caches.PoolPods.Count)]);
app.MapHealth(caches.All);
await app.RunAsync();
return 0;
