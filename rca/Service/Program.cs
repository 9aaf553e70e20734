using k8s.Exceptions;
using Ops.Kube;
using Ops.Rca.Service;
using Ops.Rca.Service.Hosting;
using Ops.Rca.Service.Incidents;
using Ops.Rca.Service.Topology;

if (args is ["--help" or "-h"])
{
    Console.WriteLine(RcaOptions.Usage);
    return 0;
}

if (RcaOptions.Read(args, Environment.GetEnvironmentVariable, out var wrong) is not { } options)
{
    Console.Error.WriteLine($"{wrong}\n{RcaOptions.Usage}");
    return 2;
}

KubeClient client;
try
{
    client = KubeClient.FromEnvironment(new() { UserAgent = "ops-rca" });
}
catch (Exception error) when (error is KubeConfigException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"No cluster to work with: {error.Message}");
    return 2;
}

RcaMetrics.Start();
var builder = WebApplication.CreateSlimBuilder();
builder.WebHost.UseUrls(options.Urls);
builder.Logging.ClearProviders().AddSimpleConsole(console => console.SingleLine = true);
builder.Logging.AddFilter("Microsoft", LogLevel.Warning);

builder.Services.AddSingleton(options);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton(client);
builder.Services.AddSingleton(services => new LeaderLease(
    client,
    new() { Namespace = options.Namespace, Name = options.LeaseName, Identity = options.Identity },
    TimeProvider.System,
    services.GetRequiredService<ILoggerFactory>()));
builder.Services.AddSingleton<ILeadership>(services => services.GetRequiredService<LeaderLease>());
builder.Services.AddSingleton<ApplyWriter>();
builder.Services.AddSingleton<ClusterCaches>();
builder.Services.AddSingleton(services => new IncidentWriter(
    services.GetRequiredService<ApplyWriter>(), services.GetRequiredService<ClusterCaches>().Incidents, services.GetRequiredService<ILogger<IncidentWriter>>()));
builder.Services.AddSingleton<MonitorLoop>();
builder.Services.AddHostedService<RcaService>();

var app = builder.Build();
RcaMetrics.ShowLeadership(() => app.Services.GetRequiredService<LeaderLease>().IsLeader);
app.MapHealth();
await app.RunAsync();
return 0;
