using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using k8s;
using k8s.Models;
using Ops.Api;
using Ops.OperatorScenario;
using Ops.Testing;

namespace Ops.ShardedStoreScenario;

/// <summary>A store with TLS of real nodes, from its Secret to another certificate, with the operator's own account.</summary>
public sealed class StoreTlsTests(Fleet fleet)
{
    private const string Ns = "storetls";

    [Fact]
    public async Task Nodes_speak_tls_only_and_take_a_new_certificate_without_a_restart_or_a_lost_write()
    {
        fleet.RequireRedis();
        using var root = new TestCertificates(TimeProvider.System.GetUtcNow());
        await fleet.NamespaceAsync(Ns);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], Store);
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], StoreWaits.Grant("carts-tls"));
        await fleet.DegradedCartsAsync(Ns, "SecretMissing", "there is no Secret carts-tls");
        var first = await RenewAsync(root);
        await fleet.WholeCartsAsync(Ns);

        var (pods, processes) = (fleet.List<V1Pod>(Ns), fleet.Processes(Ns));
        pods.Count.ShouldBe(6);
        foreach (var pod in pods)
        {
            (await PresentedAsync(pod, root)).ShouldBe(first);
            await Should.ThrowAsync<IOException>(async () => await AskPlainlyAsync(pod));
        }

        using var client = new StoreClient(pods[0].Status.PodIP, null, root.Root);
        for (var write = 0; write < 200; write++)
            (await client.CallAsync($"SET key{write} {write}")).ShouldBe("OK");

        // The kubelet brings the files with its next look at a pod; a changed pod is looked at once.
        var second = await RenewAsync(root);
        await fleet.KubectlAsync(["-n", Ns, "annotate", "pods", "--all", "look=again"]);
        await fleet.UntilAsync("all nodes present the new certificate", async () =>
            (await Task.WhenAll(pods.Select(pod => PresentedAsync(pod, root)))).All(presented => presented == second));
        for (var write = 0; write < 200; write++)
            (await client.CallAsync($"GET key{write}")).ShouldBe($"{write}");
        await fleet.WholeCartsAsync(Ns);
        fleet.Processes(Ns).ShouldBe(processes);

        // A Secret that is gone is named and changes nothing; TLS itself stays as it is.
        await fleet.KubectlAsync(["-n", Ns, "delete", "secret", "carts-tls"]);
        await fleet.DegradedCartsAsync(Ns, "SecretMissing", "there is no Secret carts-tls");
        (await client.CallAsync("GET key7")).ShouldBe("7");
        var refusal = await fleet.Kubectl.RunAsync(["-n", Ns, "patch", "sstore", "carts", "--type=merge", "-p", """{"spec":{"tls":null}}"""], TestContext.Current.CancellationToken);
        refusal.Error.ShouldContain("spec.tls is given when a store is made");
        await fleet.DropAsync(Ns);
    }

    private const string Store = """
        apiVersion: ops.autonomic.dev/v1alpha1
        kind: ShardedStore
        metadata: {name: carts}
        spec:
          engine: {type: redis}
          durability: {minReplicasToWrite: 1}
          tls: {secretName: carts-tls}
        """;

    // The thumbprint of the certificate that the Secret has from now on.
    private async Task<string> RenewAsync(TestCertificates root)
    {
        var (certificate, key) = root.Issue(TimeSpan.FromDays(1));
        await fleet.KubectlAsync(["-n", Ns, "apply", "-f", "-"], KubernetesJson.Serialize(new V1Secret
        {
            ApiVersion = "v1",
            Kind = "Secret",
            Metadata = new() { Name = "carts-tls" },
            StringData = new Dictionary<string, string> { ["tls.crt"] = certificate, ["tls.key"] = key, ["ca.crt"] = root.Root },
        }));
        using var made = X509Certificate2.CreateFromPem(certificate);
        return made.Thumbprint;
    }

    private static async Task<string> PresentedAsync(V1Pod pod, TestCertificates root)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(pod.Status.PodIP, WellKnown.StorePort, TestContext.Current.CancellationToken);
        await using var stream = await StoreClient.SecureAsync(client.GetStream(), root.Root);
        using var presented = X509CertificateLoader.LoadCertificate(stream.RemoteCertificate!.GetRawCertData());
        return presented.Thumbprint;
    }

    private static async Task<string> AskPlainlyAsync(V1Pod pod)
    {
        using var client = new StoreClient(pod.Status.PodIP, null);
        return await client.AskAsync(pod.Status.PodIP, "PING");
    }
}
