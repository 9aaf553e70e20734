using System.IO.Pipelines;

namespace Ops.Router;

/// <summary>Waits until an answer has begun: with its head, and a stream with its first bytes, which stay to be read.</summary>
internal static class AnswerBeginning
{
    /// <summary>Sends a request and waits for the beginning of its answer.</summary>
    /// <exception cref="IOException">The answer ended before it began.</exception>
    internal static async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> send, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await send(request, cancellationToken);
        if (!response.IsSuccessStatusCode || !UpstreamAttempt.IsEventStream(response.Content.Headers))
            return response;
        try
        {
            var reader = PipeReader.Create(await response.Content.ReadAsStreamAsync(cancellationToken));
            var beginning = await reader.ReadAsync(cancellationToken);
            if (beginning.Buffer.IsEmpty)
                throw new IOException("The event stream ended before its first event.");
            reader.AdvanceTo(beginning.Buffer.Start);
            // The end of this content is the end of the answer's own stream, and with it of the connection's.
            var content = new StreamContent(reader.AsStream());
            foreach (var (name, values) in response.Content.Headers.NonValidated)
                content.Headers.TryAddWithoutValidation(name, values);
            response.Content = content;
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }
}
