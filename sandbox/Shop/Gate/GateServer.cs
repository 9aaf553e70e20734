using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace Ops.Sandbox.Shop.Gate;

/// <summary>
/// The admission webhook of the shop's namespace, over TLS with the certificate of its environment: it lets every pod in, and
/// at <c>/limits/AMOUNT</c> lowers memory limits that are above the amount. A wrong amount there is a fault that no template shows.
/// </summary>
internal static class GateServer
{
    // A review of a pod and its former self.
    private const int MostBytes = 4 << 20;

    /// <summary>Serves until the process is told to stop.</summary>
    /// <param name="listen">Where.</param>
    /// <param name="certificate">PEM.</param>
    /// <param name="key">PEM.</param>
    /// <exception cref="UsageException">The certificate or the key is none.</exception>
    public static async Task RunAsync(IPEndPoint listen, string? certificate, string? key)
    {
        using var own = Load(certificate, key);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = MostBytes;
            kestrel.Listen(listen, one => one.UseHttps(own));
        });
        await using var web = builder.Build();
        web.MapPost("/pods", context => AnswerAsync(context, _ => null));
        web.MapPost("/limits/{most}", (HttpContext context, string most) => AnswerAsync(context, pod => MemoryCap.Patch(pod, most)));
        await web.RunAsync();
    }

    private static X509Certificate2 Load(string? certificate, string? key)
    {
        try
        {
            using var pem = X509Certificate2.CreateFromPem(certificate, key);
            // Kestrel needs a key that is no longer only in the PEM.
            return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        }
        catch (Exception wrong) when (wrong is System.Security.Cryptography.CryptographicException or ArgumentException)
        {
            throw new UsageException("gate needs a certificate and its key as PEM in GATE_CERTIFICATE and GATE_KEY.");
        }
    }

    private static async Task AnswerAsync(HttpContext context, Func<JsonObject, JsonArray?> change)
    {
        var request = (await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted))?["request"]?.AsObject();
        if (request is null)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        var response = new JsonObject { ["uid"] = request["uid"]?.DeepClone(), ["allowed"] = true };
        if (request["object"] is JsonObject pod && change(pod) is { Count: > 0 } patch)
            (response["patchType"], response["patch"]) = ("JSONPatch", Convert.ToBase64String(Encoding.UTF8.GetBytes(patch.ToJsonString())));
        var review = new JsonObject { ["apiVersion"] = "admission.k8s.io/v1", ["kind"] = "AdmissionReview", ["response"] = response };
        await context.Response.WriteAsync(review.ToJsonString(), context.RequestAborted);
    }
}
