using Ops.Hosting;
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

if (ControllerHost.Client("ops-rca") is not { } client)
    return 2;

var builder = ControllerHost.Builder(options.Urls, client, new() { Namespace = options.Namespace, Name = options.LeaseName, Identity = options.Identity }, "ops-rca");
builder.Services.AddSingleton(options);
builder.Services.AddSingleton<ClusterCaches>();
builder.Services.AddSingleton(services => new IncidentWriter(
    services.GetRequiredService<ApplyWriter>(), services.GetRequiredService<ClusterCaches>().Incidents, services.GetRequiredService<ILogger<IncidentWriter>>()));
builder.Services.AddSingleton<MonitorLoop>();
builder.Services.AddHostedService<RcaService>();

var app = builder.Build();
RcaMetrics.ShowLeadership(() => app.Services.GetRequiredService<LeaderLease>().IsLeader);
app.MapHealth(app.Services.GetRequiredService<ClusterCaches>().All);
await app.RunAsync();
return 0;
