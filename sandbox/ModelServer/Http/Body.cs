using System.Buffers;
using Ops.Sandbox.ModelServer.OpenAi;

namespace Ops.Sandbox.ModelServer.Http;

/// <summary>Request bodies, bounded.</summary>
internal static class Body
{
    /// <summary>The whole body in a pooled array that the caller returns.</summary>
    /// <exception cref="OpenAiException">The body is longer than <paramref name="most"/> bytes.</exception>
    public static async Task<ArraySegment<byte>> ReadAsync(HttpRequest request, int most)
    {
        if (request.ContentLength > most)
            throw TooLarge(most);
        var buffer = ArrayPool<byte>.Shared.Rent((int)(request.ContentLength ?? 4096) + 1);
        var length = 0;
        try
        {
            while (await request.Body.ReadAsync(buffer.AsMemory(length), request.HttpContext.RequestAborted) is var read and > 0)
            {
                length += read;
                if (length > most)
                    throw TooLarge(most);
                if (length == buffer.Length)
                    buffer = Grow(buffer);
            }
            return new ArraySegment<byte>(buffer, 0, length);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }

    private static byte[] Grow(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }

    private static OpenAiException TooLarge(int most) =>
        new(new OpenAiError(StatusCodes.Status413PayloadTooLarge, "invalid_request_error", $"The body is longer than {most} bytes."));
}
