using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using static Ops.Sandbox.ShopPlan.KubectlCommand;

namespace Ops.Sandbox.ShopPlan;

/// <summary>Faults of the webhooks that decide over the shop's pods. The webhook itself is a real one, with a certificate that is made anew for each run.</summary>
internal static class WebhookFaults
{
    private const string ServerName = "gate.shop.svc";

    public static IReadOnlyList<ObjectFault> All { get; } = Make();

    private static ObjectFault[] Make()
    {
        var (certificate, key) = Certificate();
        KubectlCommand[] given = [.. Gate(certificate, key), .. Configurations(certificate)];
        return
        [
            // The Service of an installation that is gone, and no pod without its word.
            new("webhook-down", "ValidatingWebhookConfiguration/shop-gate", "WebhookRefuses",
                Patch("validatingwebhookconfiguration", "shop-gate", """[{"op":"replace","path":"/webhooks/0/failurePolicy","value":"Fail"},{"op":"replace","path":"/webhooks/0/clientConfig/service/name","value":"gate-v1"}]"""),
                Of("delete", "pod", "-l", "app.kubernetes.io/name=currency", "--wait=false"))
            {
                Given = given,
            },
            new("webhook-shrinks-limits", "MutatingWebhookConfiguration/shop-limits", "LimitsShrunk",
                Patch("mutatingwebhookconfiguration", "shop-limits", """[{"op":"replace","path":"/webhooks/0/clientConfig/service/path","value":"/limits/8Mi"}]"""),
                Of("delete", "pod", "-l", "app.kubernetes.io/name=currency", "--wait=false"))
            {
                Given = given,
                Victims = ["Deployment/currency"],
            },
        ];
    }

    private static (string Certificate, string Key) Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={ServerName}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(ServerName);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        return (made.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    private static IEnumerable<KubectlCommand> Gate(string certificate, string key)
    {
        yield return Apply($$$"""{"apiVersion":"v1","kind":"Secret","metadata":{"name":"gate"},"stringData":{"certificate":{{{Json(certificate)}}},"key":{{{Json(key)}}}}}""");
        // Another certificate is another template, so that the running webhook never has the one of an earlier run.
        yield return Apply($$$$$"""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"gate","labels":{"app.kubernetes.io/name":"gate"}},"spec":{"replicas":1,"selector":{"matchLabels":{"app.kubernetes.io/name":"gate"}},
             "template":{"metadata":{"labels":{"app.kubernetes.io/name":"gate"},"annotations":{"certificate":"{{{{{Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(certificate)))}}}}}"}},
              "spec":{"automountServiceAccountToken":false,"securityContext":{"runAsNonRoot":true,"runAsUser":65532,"seccompProfile":{"type":"RuntimeDefault"}},
               "containers":[{"name":"gate","image":"ops.autonomic.dev/shop:0.1.0","args":["gate","--listen","$(POD_IP):8443"],"ports":[{"name":"https","containerPort":8443}],
                "securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}},"readinessProbe":{"periodSeconds":1,"tcpSocket":{"port":"https"}},
                "env":[{"name":"POD_IP","valueFrom":{"fieldRef":{"fieldPath":"status.podIP"}}},{"name":"GATE_CERTIFICATE","valueFrom":{"secretKeyRef":{"name":"gate","key":"certificate"}}},
                 {"name":"GATE_KEY","valueFrom":{"secretKeyRef":{"name":"gate","key":"key"}}}]}]}}}}
            """);
        yield return Apply("""{"apiVersion":"v1","kind":"Service","metadata":{"name":"gate","labels":{"app.kubernetes.io/name":"gate"}},"spec":{"selector":{"app.kubernetes.io/name":"gate"},"ports":[{"name":"https","port":443,"targetPort":"https"}]}}""");
    }

    private static IEnumerable<KubectlCommand> Configurations(string certificate)
    {
        yield return Configuration("ValidatingWebhookConfiguration", "shop-gate", "/pods", certificate);
        yield return Configuration("MutatingWebhookConfiguration", "shop-limits", "/limits/4096Mi", certificate);
    }

    // Only for this namespace, and not for the pods of the webhook itself, or it could never come back.
    private static KubectlCommand Configuration(string kind, string name, string path, string certificate) => Apply($$$$$"""
        {"apiVersion":"admissionregistration.k8s.io/v1","kind":"{{{{{kind}}}}}","metadata":{"name":"{{{{{name}}}}}"},"webhooks":[{"name":"{{{{{name}}}}}.shop.example","admissionReviewVersions":["v1"],"sideEffects":"None","timeoutSeconds":5,
         "failurePolicy":"Ignore","clientConfig":{"caBundle":"{{{{{Convert.ToBase64String(Encoding.ASCII.GetBytes(certificate))}}}}}","service":{"namespace":"shop","name":"gate","port":443,"path":"{{{{{path}}}}}"}},
         "namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"shop"}},"objectSelector":{"matchExpressions":[{"key":"app.kubernetes.io/name","operator":"NotIn","values":["gate"]}]},
         "rules":[{"operations":["CREATE"],"apiGroups":[""],"apiVersions":["v1"],"resources":["pods"]}]}]}
        """);

    private static string Json(string text) => System.Text.Json.JsonSerializer.Serialize(text);
}
