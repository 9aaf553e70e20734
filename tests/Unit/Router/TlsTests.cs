using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using static Ops.Router.Tests.TableSource;

namespace Ops.Router.Tests;

/// <summary>TLS towards clients.</summary>
public sealed class TlsTests : IDisposable
{
    private const string Name = "router.ops-system.svc";

    private readonly CertificateAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task A_new_certificate_serves_new_connections_while_an_old_one_streams_on()
    {
        var go = new TaskCompletionSource();
        await using var upstream = await Upstream.StartAsync(onRequest: async context =>
        {
            await Upstream.BeginStreamAsync(context);
            await Upstream.SendEventAsync(context, Upstream.Chunk("one"));
            await go.Task.WaitAsync(context.RequestAborted);
            await Upstream.SendEventAsync(context, Upstream.Chunk("two"));
            await Upstream.SendEventAsync(context, "[DONE]");
        });
        var first = _authority.Rotate(Name);
        await using var router = await StartAsync(upstream);
        using var client = Client(router);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Version = HttpVersion.Version20, Content = new StringContent("""{"model":"chat","stream":true}""") };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.Version.ShouldBe(HttpVersion.Version20);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        (await reader.ReadLineAsync()).ShouldBe($"data: {Upstream.Chunk("one")}");
        (await SerialAsync(router)).ShouldBe(first);

        var second = _authority.Rotate(Name);
        await Eventually.TrueAsync(async () => await SerialAsync(router) == second, "handshakes still get the old certificate");
        go.SetResult();

        (await reader.ReadToEndAsync()).ShouldBe($"\ndata: {Upstream.Chunk("two")}\n\ndata: [DONE]\n\n");
    }

    [Fact]
    public async Task A_pair_that_does_not_fit_changes_nothing()
    {
        var first = _authority.Rotate(Name);
        await using var upstream = await Upstream.StartAsync();
        await using var router = await StartAsync(upstream);
        using var other = _authority.Issue(Name);

        // The certificate without its key, as in the middle of a careless copy; then the rest of it.
        await File.WriteAllTextAsync(_authority.CertificateFile, other.ExportCertificatePem());
        for (var i = 0; i < 10; i++)
        {
            (await SerialAsync(router)).ShouldBe(first);
            await Task.Delay(20);
        }

        await File.WriteAllTextAsync(_authority.KeyFile, other.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        await Eventually.TrueAsync(async () => await SerialAsync(router) == other.SerialNumber, "the whole pair is not taken");
    }

    [Fact]
    public async Task Files_that_are_no_pair_stop_the_start_with_their_names()
    {
        _authority.Rotate(Name);
        await File.WriteAllTextAsync(_authority.KeyFile, "nonsense");
        await using var upstream = await Upstream.StartAsync();

        var error = await Should.ThrowAsync<InvalidOperationException>(() => StartAsync(upstream));
        error.Message.ShouldContain(_authority.KeyFile);
    }

    private Task<RouterHost> StartAsync(Upstream upstream) => RouterHost.StartAsync(
        Route(Variant("large", 0.9, upstream)),
        "--urls", "https://127.0.0.1:0",
        $"--Router:TlsCertificateFile={_authority.CertificateFile}", $"--Router:TlsKeyFile={_authority.KeyFile}", "--Router:TlsReloadInterval=00:00:00.05");

    private HttpClient Client(RouterHost router)
    {
        var client = new HttpClient(new SocketsHttpHandler { SslOptions = new() { CertificateChainPolicy = Trust() } }) { BaseAddress = router.Client.BaseAddress, DefaultRequestVersion = HttpVersion.Version20 };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        return client;
    }

    // The serial number that a new handshake shows.
    private async Task<string> SerialAsync(RouterHost router)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, router.Client.BaseAddress!.Port);
        await using var tls = new SslStream(socket.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = Name, CertificateChainPolicy = Trust() });
        return ((X509Certificate2)tls.RemoteCertificate!).SerialNumber;
    }

    private X509ChainPolicy Trust()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificateFromFile(_authority.RootFile));
        return policy;
    }
}
