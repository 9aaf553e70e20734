using k8s.Exceptions;
using Ops.Kube;
using Ops.PowerAgent;
using Prometheus;

if (args is ["--help" or "-h"])
{
    Console.WriteLine(PowerAgentOptions.Usage);
    return 0;
}

if (PowerAgentOptions.Read(args, Environment.GetEnvironmentVariable, out var wrong) is not { } options)
{
    Console.Error.WriteLine($"{wrong}\n{PowerAgentOptions.Usage}");
    return 2;
}

KubeClient client;
try
{
    client = KubeClient.FromEnvironment(new() { UserAgent = "ops-power-agent" });
}
catch (Exception error) when (error is KubeConfigException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"No cluster to work with: {error.Message}");
    return 2;
}

PowerMetrics.Start();
var builder = WebApplication.CreateSlimBuilder();
builder.WebHost.UseUrls(options.Urls);
builder.Logging.ClearProviders().AddSimpleConsole(console => console.SingleLine = true);
builder.Logging.AddFilter("Microsoft", LogLevel.Warning);

builder.Services.AddSingleton(options);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton(client);
builder.Services.AddSingleton(services => new LeaderLease(
    client,
    new() { Namespace = options.Namespace, Name = options.ObjectName, Identity = options.Identity },
    TimeProvider.System,
    services.GetRequiredService<ILoggerFactory>()));
builder.Services.AddSingleton<ILeadership>(services => services.GetRequiredService<LeaderLease>());
builder.Services.AddSingleton<ApplyWriter>();
builder.Services.AddSingleton(services => new EventRecorder(client, "ops-power-agent", services.GetRequiredService<ILeadership>(), TimeProvider.System, services.GetRequiredService<ILoggerFactory>()));
builder.Services.AddSingleton<NodeCaches>();
builder.Services.AddSingleton<PowerReporter>();
builder.Services.AddSingleton<AgentLoop>();
builder.Services.AddHostedService<PowerAgentService>();

var app = builder.Build();
PowerMetrics.ShowLeadership(() => app.Services.GetRequiredService<LeaderLease>().IsLeader);
app.MapGet("/healthz", () => Results.Text("ok\n"));
app.MapGet("/readyz", (NodeCaches caches) =>
{
    var missing = string.Concat(caches.All.Where(cache => !cache.Cache.HasSynced).Select(cache => $"{cache.Name}: {cache.Cache.Trouble}\n"));
    return missing.Length == 0 ? Results.Text("ok\n") : Results.Text(missing, statusCode: 503);
});
app.MapMetrics();
await app.RunAsync();
return 0;
