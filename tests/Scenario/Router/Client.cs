using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Ops.Testing;

namespace Ops.RouterScenario;

/// <summary>A client of the router.</summary>
internal sealed class Client : IDisposable
{
    private readonly HttpClient _http;

    internal Client(RouterFleet fleet)
    {
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://{fleet.Address}"), Timeout = TimeSpan.FromMinutes(3) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", RouterFleet.ApiKey);
    }

    internal async Task<HttpResponseMessage> PostAsync(string path, string body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }

    internal Task<HttpResponseMessage> ChatAsync(int tokens, bool stream, CancellationToken cancellation) => PostAsync(
        "/v1/chat/completions",
        string.Create(CultureInfo.InvariantCulture, $$"""{"model":"chat","max_tokens":{{tokens}},"ignore_eos":true,"stream":{{(stream ? "true" : "false")}},"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"big dog"}]}"""),
        cancellation);

    /// <summary>The value of one of the router's series, written as in the text format; 0 when absent.</summary>
    internal async Task<double> MetricAsync(string series, CancellationToken cancellation)
    {
        var line = (await _http.GetStringAsync(new Uri("/metrics", UriKind.Relative), cancellation)).Split('\n').FirstOrDefault(l => l.StartsWith(series + " ", StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line[(series.Length + 1)..], CultureInfo.InvariantCulture);
    }

    public void Dispose() => _http.Dispose();
}
