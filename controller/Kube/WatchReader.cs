using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using k8s;
using k8s.Models;

namespace Ops.Kube;

/// <summary>What a line of a watch says.</summary>
internal enum WatchEventKind
{
    /// <summary>ADDED or MODIFIED; which of the two does not matter to a cache.</summary>
    Upsert,

    /// <summary>DELETED.</summary>
    Delete,

    /// <summary>BOOKMARK: nothing changed up to this resourceVersion.</summary>
    Bookmark,

    /// <summary>ERROR with a Status.</summary>
    Error,
}

/// <summary>One line of a watch.</summary>
/// <param name="Kind">What it says.</param>
/// <param name="ResourceVersion">The position in the stream after this line; null for errors.</param>
/// <param name="Object">The object; null for bookmarks, errors and objects that do not fit the type.</param>
/// <param name="Key">The object's key, also when it does not fit the type.</param>
/// <param name="Error">The error.</param>
internal readonly record struct WatchEvent<T>(WatchEventKind Kind, string? ResourceVersion, T? Object, ObjectKey? Key, KubeApiException? Error)
    where T : class, IKubernetesObject<V1ObjectMeta>;

/// <summary>The bytes of a watch broke off or make no sense.</summary>
internal sealed class WatchBrokenException : IOException
{
    public WatchBrokenException(string message)
        : base(message)
    {
    }

    public WatchBrokenException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

/// <summary>
/// Reads a watch body: one JSON object a line, {"type":"MODIFIED","object":{...}}. A last line without its line feed was
/// cut off in transit and is never used, even where it would parse: half a number is a number too.
/// </summary>
internal sealed class WatchReader<T>(Stream body) : IAsyncDisposable
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    // etcd refuses objects over 1.5 MiB; as JSON with managedFields they stay below 8 MiB, and 32 leaves room for a raised limit.
    private const int MaxLineBytes = 32 * 1024 * 1024;

    private readonly PipeReader pipe = PipeReader.Create(body, new StreamPipeReaderOptions(bufferSize: 16 * 1024));

    /// <summary>The next line; null at a clean end.</summary>
    public async ValueTask<WatchEvent<T>?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await pipe.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, end);
                try
                {
                    if (IsBlank(line))
                        continue;
                    return Parse(line);
                }
                finally
                {
                    pipe.AdvanceTo(buffer.GetPosition(1, end));
                }
            }

            pipe.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
                return buffer.IsEmpty ? null : throw new WatchBrokenException("The watch ended in the middle of a line.");
            if (buffer.Length > MaxLineBytes)
                throw new WatchBrokenException($"A line of the watch is longer than {MaxLineBytes} bytes.");
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => pipe.CompleteAsync();

    private static bool IsBlank(ReadOnlySequence<byte> line) => line.Length == 0 || (line.Length == 1 && line.FirstSpan[0] == (byte)'\r');

    private static WatchEvent<T> Parse(ReadOnlySequence<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var type = document.RootElement.GetProperty("type").GetString();
            var json = document.RootElement.GetProperty("object");
            return type switch
            {
                "ADDED" or "MODIFIED" => ReadObject(WatchEventKind.Upsert, json),
                "DELETED" => ReadObject(WatchEventKind.Delete, json),
                "BOOKMARK" => new(WatchEventKind.Bookmark, Version(json), null, null, null),
                "ERROR" => new(WatchEventKind.Error, null, null, null, KubeApiException.FromStatus(KubernetesJson.Deserialize<V1Status>(json), "watch of " + ResourceOf<T>.Name)),
                _ => throw new WatchBrokenException($"The watch sent an event of unknown type {type}."),
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new WatchBrokenException("A line of the watch is not an event.", e);
        }
    }

    private static WatchEvent<T> ReadObject(WatchEventKind kind, JsonElement json)
    {
        var version = Version(json);
        ObjectReader<T>.TryRead(json, out var obj, out var key);
        return new(kind, version, obj, key, null);
    }

    private static string Version(JsonElement json) =>
        ObjectReader<T>.VersionOf(json) is { Length: > 0 } version ? version : throw new WatchBrokenException("An event of the watch has no resourceVersion.");
}
