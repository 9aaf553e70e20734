using System.Net;
using System.Net.Http.Headers;
using Ops.Load;

namespace Ops.Cli.Load;

/// <summary>Asks the router for its models before thousands of requests fail for one reason.</summary>
internal static class LoadPreflight
{
    public static async Task CheckAsync(LoadOptions options, CancellationToken cancellation)
    {
        using var client = new HttpClient { BaseAddress = options.Target, Timeout = TimeSpan.FromSeconds(10) };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        if (options.ApiKey is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", options.ApiKey);
        HttpResponseMessage response;
        try
        {
            response = await client.SendAsync(request, cancellation);
        }
        catch (Exception error) when (error is HttpRequestException || (error is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new UserError($"Nothing answers at {options.Target}: {error.Message}");
        }

        using (response)
        {
            if (response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
                throw new UserError($"{options.Target} refuses the key ({(int)response.StatusCode}); give a valid one with --key.");
        }
    }
}
