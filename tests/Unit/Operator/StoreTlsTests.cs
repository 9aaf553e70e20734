using System.Text;
using k8s.Models;
using Microsoft.Extensions.Time.Testing;
using Ops.Api;
using Ops.Operator.Stores;
using Ops.Planning.Stores;
using Ops.Testing;

namespace Ops.Operator.Tests;

/// <summary>A store's certificate: what is wrong with its Secret, and how the pods get it.</summary>
public sealed class StoreTlsTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly TestCertificates _root = new(Now);
    private readonly FakeTimeProvider _time = new(Now);

    public void Dispose() => _root.Dispose();

    [Fact]
    public void What_is_wrong_with_a_secret_is_named_without_its_content_and_what_was_known_stays()
    {
        using var other = new TestCertificates(Now);
        var (good, key) = _root.Issue(Day);
        var (_, strange) = _root.Issue(Day);
        var (past, pastKey) = _root.Issue(TimeSpan.FromMinutes(-1));
        var certificates = new StoreCertificates(null!, _time);
        certificates.Take("s-tls", Secret(good, key, _root.Root));
        certificates.Problem.ShouldBeNull();
        var known = certificates.Known.ShouldNotBeNull();

        Expect(null, "SecretMissing", "there is no Secret s-tls; create it with the entries tls.crt, tls.key and ca.crt");
        Expect(Secret(good, key, null), "SecretWrong", "has no entry ca.crt");
        Expect(Secret(good, key, ""), "SecretWrong", "has no entry ca.crt");
        Expect(Secret("nonsense", key, _root.Root), "SecretWrong", "must be certificates");
        Expect(Secret(good, strange, _root.Root), "SecretWrong", "the key of the first");
        Expect(Secret(good, key, other.Root), "SecretWrong", "do not vouch for its certificate");
        Expect(Secret(past, pastKey, _root.Root), "CertificateExpired", "2026-01-01 11:59:00Z");

        certificates.Take("s-tls", Secret(good, key, _root.Root));
        certificates.Problem.ShouldBeNull();
        certificates.Known!.Digest.ShouldBe(known.Digest);
        _time.Advance(Day);
        certificates.Take("s-tls", Secret(good, key, _root.Root));
        certificates.Problem!.Reason.ShouldBe("CertificateExpired");

        void Expect(V1Secret? secret, string reason, string words)
        {
            certificates.Take("s-tls", secret);
            certificates.Problem!.Reason.ShouldBe(reason);
            certificates.Problem.Message.ShouldContain(words);
            certificates.Problem.Message.ShouldNotContain("nonsense");
            certificates.Known.ShouldBe(known);
        }
    }

    [Fact]
    public void A_new_root_beside_the_old_one_is_another_trust_in_the_same_certificate()
    {
        using var next = new TestCertificates(Now);
        var (good, key) = _root.Issue(Day);
        var certificates = new StoreCertificates(null!, _time);
        certificates.Take("s-tls", Secret(good, key, _root.Root));
        var before = certificates.Known!;

        certificates.Take("s-tls", Secret(good, key, $"{_root.Root}\n{next.Root}"));

        certificates.Problem.ShouldBeNull();
        certificates.Known!.Certificate.ShouldBe(before.Certificate);
        certificates.Known.Digest.ShouldNotBe(before.Digest);
        var (renewed, renewedKey) = next.Issue(Day);
        certificates.Take("s-tls", Secret(renewed, renewedKey, $"{_root.Root}\n{next.Root}"));
        certificates.Problem.ShouldBeNull();
        certificates.Known.Certificate.ShouldNotBe(before.Certificate);
    }

    [Fact]
    public void Nodes_with_tls_listen_on_no_port_without_it_and_get_the_certificate_by_mounted_files()
    {
        var store = Store();
        var pods = new[] { StoreObjects.Plan(store, [], []).Sets[0].Spec.Template.Spec, StoreLoader.Plan(store, 0).Spec.Template.Spec };
        foreach (var pod in pods)
        {
            var arguments = string.Join(' ', pod.Containers[0].Args);
            arguments.ShouldStartWith("--port 0 --tls-port 6379 ");
            arguments.ShouldContain("--tls-replication yes --tls-cluster yes");
            pod.Volumes.Single(volume => volume.Secret is not null).Secret.Items.Select(item => item.Key).ShouldBe(["tls.crt", "tls.key", "ca.crt"]);
            pod.Containers[0].VolumeMounts.Single(mount => mount.Name == "tls").ReadOnlyProperty.ShouldBe(true);
        }
    }

    [Fact]
    public void A_backup_is_taken_with_the_roots_and_without_the_key()
    {
        var pod = StoreBackupJob.Plan(Store(), "20260101120000-3", [new("s0", "s-s0-1", "10.0.0.2", "0-16383")]).Spec.Template.Spec;
        pod.Containers[0].Env.Single(variable => variable.Name == "TLS").Value.ShouldBe("--tls --cacert /etc/store/tls/ca.crt");
        pod.Volumes.Single(volume => volume.Secret is not null).Secret.Items.Select(item => item.Key).ShouldBe(["ca.crt"]);
    }

    private static ShardedStore Store() => new()
    {
        Metadata = new() { Name = "s", NamespaceProperty = "default", Uid = "u", Generation = 1 },
        Spec = new()
        {
            Engine = new() { Type = "redis" },
            Tls = new() { SecretName = "s-tls" },
            Backup = new() { ClaimName = "backups" },
            RestoreFrom = new() { ClaimName = "backups", Store = "old", Backup = "20260101120000-3" },
        },
    };

    private static V1Secret Secret(string certificate, string key, string? roots)
    {
        var data = new Dictionary<string, byte[]> { ["tls.crt"] = Encoding.UTF8.GetBytes(certificate), ["tls.key"] = Encoding.UTF8.GetBytes(key) };
        if (roots is not null)
            data["ca.crt"] = Encoding.UTF8.GetBytes(roots);
        return new() { Data = data };
    }
}
