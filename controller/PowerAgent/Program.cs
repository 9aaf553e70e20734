using Ops.Hosting;
using Ops.Kube;
using Ops.PowerAgent;

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

if (ControllerHost.Client("ops-power-agent") is not { } client)
    return 2;

var builder = ControllerHost.Builder(options.Urls, client, new() { Namespace = options.Namespace, Name = options.ObjectName, Identity = options.Identity }, "ops-power-agent");
builder.Services.AddSingleton(options);
builder.Services.AddSingleton<NodeCaches>();
builder.Services.AddSingleton<PowerReporter>();
builder.Services.AddSingleton<AgentLoop>();
builder.Services.AddHostedService<PowerAgentService>();

var app = builder.Build();
PowerMetrics.ShowLeadership(() => app.Services.GetRequiredService<LeaderLease>().IsLeader);
app.MapHealth(app.Services.GetRequiredService<NodeCaches>().All);
await app.RunAsync();
return 0;
