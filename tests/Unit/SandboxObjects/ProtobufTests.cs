using System.Text.Json.Nodes;
using CsCheck;
using Ops.Sandbox.Objects;

namespace Ops.SandboxObjects.Tests;

/// <summary>
/// kubectl-bodies.txt was recorded from kubectl 1.32.5: a request body as base64, and below it the object that the same
/// command prints with --dry-run=client -o json (for token and auth commands, which print none, the request's meaning).
/// </summary>
public sealed class ProtobufTests
{
    [Fact]
    public void What_kubectl_sends_decodes_to_what_it_prints()
    {
        var seen = 0;
        foreach (var (body, printed) in Recorded())
        {
            var decoded = ProtobufDecoder.TryDecode(body).ShouldNotBeNull(printed.ToJsonString());
            Comparable(decoded).ShouldBeJson(Comparable(printed).ToJsonString());
            seen++;
        }

        seen.ShouldBe(19);
    }

    [Fact]
    public void What_it_sends_passes_the_strict_checks_of_its_kind()
    {
        foreach (var (body, _) in Recorded())
        {
            var decoded = ProtobufDecoder.TryDecode(body)!;
            var (group, version) = decoded["apiVersion"].TextOrNull()!.Split('/') is [var g, var v] ? (g, v) : ("", decoded["apiVersion"].TextOrNull()!);
            if (BuiltInKinds.Find(group, version, decoded["kind"].TextOrNull()!) is not { } kind)
                continue;
            Validation.DecodingError(decoded, kind).ShouldBeNull();
            Pruning.Prune(decoded, kind).ShouldBeEmpty();
            Defaulting.Apply(decoded, kind);
            Validation.Validate(decoded, null, kind).ShouldBeEmpty();
        }
    }

    [Fact]
    public void Anything_else_is_declined_and_never_throws()
    {
        ProtobufDecoder.TryDecode("{}"u8).ShouldBeNull();
        ProtobufDecoder.TryDecode("k8s\0"u8).ShouldBeNull();
        var bodies = Recorded().Select(r => r.Body).ToArray();
        Gen.Select(Gen.Int[0, bodies.Length - 1], Gen.Int[4, 2000], Gen.Byte, Gen.Bool).Sample((which, at, value, truncate) =>
        {
            var body = (byte[])bodies[which].Clone();
            at %= body.Length;
            if (truncate)
                body = body[..at];
            else
                body[at] = value;
            _ = ProtobufDecoder.TryDecode(body);
        }, iter: 2000);
    }

    private static IEnumerable<(byte[] Body, JsonObject Printed)> Recorded()
    {
        using var stream = typeof(ProtobufTests).Assembly.GetManifestResourceStream("kubectl-bodies.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } body)
            yield return (Convert.FromBase64String(body), Json.Object(reader.ReadLine()!));
    }

    /// <summary>Empty members mean nothing; a namespace comes from the URL.</summary>
    private static JsonObject Comparable(JsonObject obj)
    {
        var copy = (JsonObject)obj.DeepClone();
        (copy["metadata"] as JsonObject)?.Remove("namespace");
        DropEmpty(copy);
        return copy;
    }

    private static void DropEmpty(JsonNode? node)
    {
        if (node is JsonArray array)
            foreach (var element in array)
                DropEmpty(element);
        if (node is not JsonObject obj)
            return;
        foreach (var (name, value) in obj.ToArray())
        {
            DropEmpty(value);
            if (value is null or JsonObject { Count: 0 } or JsonArray { Count: 0 })
                obj.Remove(name);
        }
    }
}
