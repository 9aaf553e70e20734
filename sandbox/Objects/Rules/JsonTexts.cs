using System.Text.Encodings.Web;
using System.Text.Json;

namespace Ops.Sandbox.Objects;

/// <summary>How values are written into messages.</summary>
internal static class JsonTexts
{
    /// <summary>Compact, and without \u escapes for characters that only HTML minds.</summary>
    public static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
