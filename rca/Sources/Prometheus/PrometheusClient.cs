using System.Net.Http.Headers;
using System.Text.Json;

namespace Ops.Rca.Sources.Prometheus;

/// <summary>One request to the HTTP API, within a time and a size, and its errors in words.</summary>
internal sealed class PrometheusClient : IDisposable
{
    // A batch asks for at most 200,000 samples of about 30 bytes, 6 MB; what is far above was not asked for.
    private const int MaxBytes = 32 << 20;

    private readonly PrometheusOptions options;
    private readonly HttpClient http;

    public PrometheusClient(PrometheusOptions options)
    {
        if (options.Url is not { IsAbsoluteUri: true, Scheme: "http" or "https" } || options.Url.UserInfo.Length > 0)
            throw new SourceException($"{Tainted.Clean(options.Url.IsAbsoluteUri ? $"{options.Url.Scheme}://{options.Url.Authority}" : options.Url.OriginalString)} is not the address of a Prometheus server; give http://HOST:PORT, and a token by its file.");
        this.options = options;
        http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = !options.Url.IsLoopback,
            AllowAutoRedirect = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
            AutomaticDecompression = System.Net.DecompressionMethods.GZip,
            MaxConnectionsPerServer = options.Parallel,
        })
        {
            BaseAddress = new Uri(options.Url.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Sends a query and returns the field "data" of the answer; warnings go to the notes.</summary>
    /// <exception cref="SourceException">There is no usable answer.</exception>
    public async Task<JsonElement> AskAsync(string path, IReadOnlyDictionary<string, string> parameters, ICollection<string> notes, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Timeout);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(parameters) };
            if (options.TokenFile is { } file)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(file, limit.Token)).Trim());
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            return Data(response, await BodyAsync(response, limit.Token), notes);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Wrong($"did not answer within {options.Timeout.TotalSeconds:0.#} s; ask for less (a narrower selector, a shorter time) or raise the limit");
        }
        catch (Exception e) when (e is HttpRequestException { StatusCode: null } or HttpIOException or IOException && e is not FileNotFoundException)
        {
            throw Wrong(e.InnerException is IOException or null && e is not HttpRequestException
                ? $"ended its answer in the middle ({Tainted.Clean(e.Message)}); try again"
                : $"cannot be reached ({Tainted.Clean(e.Message)}); check the address");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async Task<byte[]> BodyAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var whole = new MemoryStream();
        var part = new byte[64 << 10];
        while (await body.ReadAsync(part, cancellationToken) is var read and > 0)
        {
            whole.Write(part, 0, read);
            if (whole.Length > MaxBytes)
                throw Wrong($"answered with more than {MaxBytes >> 20} MB; use a narrower selector");
        }

        return whole.ToArray();
    }

    // {"status":"success","data":{...},"warnings":[...]} or {"status":"error","errorType":"bad_data","error":"..."}
    private JsonElement Data(HttpResponseMessage response, byte[] body, ICollection<string> notes)
    {
        JsonElement root;
        try
        {
            using var document = JsonDocument.Parse(body);
            root = document.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw Wrong(response.IsSuccessStatusCode
                ? "answered with something that is not whole JSON: the answer was cut off, or this is not a Prometheus server"
                : $"answered {(int)response.StatusCode}: {Start(body)}");
        }

        if (root.ValueKind != JsonValueKind.Object || Text(root, "status") != "success" || !root.TryGetProperty("data", out var data))
            throw Wrong(root.ValueKind == JsonValueKind.Object && Text(root, "error") is { } error
                ? $"refuses: {Tainted.Clean(Text(root, "errorType") ?? "error")}: {Tainted.Clean(error, Tainted.MaxText)}"
                : $"answered {(int)response.StatusCode} in a form that is not Prometheus': {Start(body)}");
        foreach (var field in (string[])["warnings", "infos"])
            if (root.TryGetProperty(field, out var list) && list.ValueKind == JsonValueKind.Array)
                foreach (var warning in list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Take(5))
                    notes.Add($"Prometheus warns: {Tainted.Clean(warning.GetString()!, Tainted.MaxText)}");
        return data;
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Start(byte[] body) => body.Length == 0 ? "nothing" : Tainted.Clean(System.Text.Encoding.UTF8.GetString(body, 0, Math.Min(body.Length, 400)), 120);

    private SourceException Wrong(string what) => new($"Prometheus at {Tainted.Clean(http.BaseAddress!.ToString())} {what}.");
}
