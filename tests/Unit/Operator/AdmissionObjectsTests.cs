using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Ops.Kube;
using Ops.Operator.Healing;
using Ops.Sandbox.Api;

namespace Ops.Operator.Tests;

/// <summary>Namespaces and webhook configurations as one cache for all namespaces, on a real API server.</summary>
public sealed class AdmissionObjectsTests
{
    private const string NameLabel = "kubernetes.io/metadata.name";

    [Fact]
    public async Task A_namespace_sees_itself_and_the_configurations_that_are_for_it_alone_as_they_come_change_and_go()
    {
        await using var server = await ApiServer.StartAsync(new(), TestContext.Current.CancellationToken);
        var time = new FakeTimeProvider(new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));
        var start = time.GetUtcNow();
        using var client = new KubeClient(new KubernetesClientConfiguration { Host = server.Url, AccessToken = server.AdminToken });
        var objects = new AdmissionObjects(client, time, NullLoggerFactory.Instance);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        IResourceCache[] caches = [objects.Namespaces, objects.Validating, objects.Mutating];
        var running = Task.WhenAll(caches.Select(cache => cache.RunAsync(stop.Token)));
        await Task.WhenAll(caches.Select(cache => cache.WaitForSyncAsync(stop.Token)));
        var local = server.Local;
        foreach (var ns in (string[])["shop", "bank"])
            local.Create(new V1Namespace { Metadata = new() { Name = ns } });
        var gate = local.Create(Gate("gate", "shop", "shop"));
        local.Create(Gate("both", "shop", "bank"));
        local.Create(new V1MutatingWebhookConfiguration { Metadata = new() { Name = "limits" }, Webhooks = [new() { Name = "a.shop.example", ClientConfig = Client, NamespaceSelector = Selector("bank"), SideEffects = "None", AdmissionReviewVersions = ["v1"] }] });
        await ExpectAsync("the webhooks of each", () => Names("shop") == "gate shop" && Names("bank") == "bank limits" && objects.Validating.Count == 2);
        await ExpectAsync("when the first came", () => Since("gate") == start);

        // An annotation is nobody's decision; a selector is. What comes after the annotation was seen after it.
        time.Advance(TimeSpan.FromMinutes(1));
        gate.Metadata.Annotations = new Dictionary<string, string> { ["note"] = "seen" };
        gate = local.Update(gate);
        local.Create(Gate("later", "shop", "bank"));
        await ExpectAsync("what came later", () => Since("later") == start + TimeSpan.FromMinutes(1));
        Since("gate").ShouldBe(start);
        foreach (var hook in gate.Webhooks)
            hook.NamespaceSelector = Selector("bank");
        local.Update(gate);
        await ExpectAsync("the configuration with its new namespace", () => Names("shop") == "shop" && Names("bank") == "bank gate limits");
        await ExpectAsync("when it changed", () => Since("gate") == start + TimeSpan.FromMinutes(1));
        local.Delete<V1ValidatingWebhookConfiguration>(null, "gate");
        await ExpectAsync("the deletion", () => Names("bank") == "bank limits" && Since("gate") is null);
        await stop.CancelAsync();
        await running;

        string Names(string ns) => string.Join(' ', objects.Of(ns).Select(one => one.Metadata.Name).Order(StringComparer.Ordinal));

        DateTimeOffset? Since(string gateName) => objects.Since.TryGetValue($"ValidatingWebhookConfiguration/{gateName}", out var since) ? since : null;

        async Task ExpectAsync(string what, Func<bool> holds)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(TimeSpan.FromSeconds(60));
            while (!holds())
                await Task.Delay(10, limit.Token).ContinueWith(wait => wait.IsCanceled ? throw new TimeoutException($"{what}: shop has {Names("shop")}, bank has {Names("bank")}") : 0, TaskScheduler.Default);
        }
    }

    private static Admissionregistrationv1WebhookClientConfig Client => new() { Service = new() { Name = "gate", NamespaceProperty = "shop" } };

    private static V1LabelSelector Selector(string ns) => new() { MatchLabels = new Dictionary<string, string> { [NameLabel] = ns } };

    private static V1ValidatingWebhookConfiguration Gate(string name, params string[] namespaces) => new()
    {
        Metadata = new() { Name = name },
        Webhooks = [.. namespaces.Select((ns, i) => new V1ValidatingWebhook { Name = $"w{i}.shop.example", ClientConfig = Client, NamespaceSelector = Selector(ns), SideEffects = "None", AdmissionReviewVersions = ["v1"] })],
    };
}
