using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json.Serialization;
using Ops.Api.Schema;

namespace Ops.Api;

/// <summary>How requests wait in front of the route's replicas, and in which order they are let in.</summary>
public sealed record AdmissionSpec
{
    /// <summary>Default of maxQueued.</summary>
    public const int DefaultMaxQueued = 1000;

    internal const string DefaultMaxQueuedBytes = "256Mi";

    /// <summary>
    /// Requests that wait in each router while the replicas have no room. 0: none waits, every request joins the queue
    /// inside a replica at once. Default 1000.
    /// </summary>
    [Range(0, 100_000)]
    [DefaultValue(DefaultMaxQueued)]
    public int? MaxQueued { get; init; }

    /// <summary>Bytes of request bodies that wait in each router, as a quantity such as 256Mi. Default 256Mi.</summary>
    [MaxLength(16)]
    [RegularExpression("^[0-9]{1,9}(Ki|Mi|Gi)?$")]
    [DefaultValue(DefaultMaxQueuedBytes)]
    public string? MaxQueuedBytes { get; init; }

    /// <summary>Refuse a request at once when its turn is expected only after its hard deadline. Default true.</summary>
    [DefaultValue(true)]
    public bool? EarlyRejection { get; init; }

    /// <summary>
    /// Refuse a request at once also when its last token is expected only after its hard deadline because of what waits in
    /// front of it on every variant. Expected from queue, batch, prompt and expected output length. Default false.
    /// </summary>
    [DefaultValue(false)]
    public bool? RejectLateCompletion { get; init; }

    /// <summary>
    /// Priorities that requests may have. A client names one in the header x-gateway-inference-objective, an API key has
    /// one in its limits. Requests that name none have the one called "default", or level 0 where there is none.
    /// </summary>
    [MaxLength(16)]
    [ListMapKeys("name")]
    public IReadOnlyList<PrioritySpec>? Priorities { get; init; }

    /// <summary>Bound on waiting requests with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveMaxQueued => MaxQueued ?? DefaultMaxQueued;

    /// <summary>Bound on waiting bytes with the default filled in.</summary>
    [JsonIgnore]
    public long EffectiveMaxQueuedBytes => Bytes(MaxQueuedBytes ?? DefaultMaxQueuedBytes);

    /// <summary>Early rejection with the default filled in.</summary>
    [JsonIgnore]
    public bool EffectiveEarlyRejection => EarlyRejection ?? true;

    /// <summary>RejectLateCompletion with the default filled in.</summary>
    [JsonIgnore]
    public bool EffectiveRejectLateCompletion => RejectLateCompletion ?? false;

    // 1024, 16Ki, 256Mi, 1Gi; the schema lets nothing else through.
    private static long Bytes(string quantity)
    {
        var digits = quantity.TrimEnd('K', 'M', 'G', 'i');
        var shift = quantity[digits.Length..] switch { "Ki" => 10, "Mi" => 20, "Gi" => 30, _ => 0 };
        return long.Parse(digits, CultureInfo.InvariantCulture) << shift;
    }
}

/// <summary>A priority that requests may have.</summary>
public sealed record PrioritySpec
{
    /// <summary>What clients and keys call it.</summary>
    [Required]
    [MaxLength(63)]
    [RegularExpression("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    public string Name { get; init; } = "";

    /// <summary>The higher, the sooner; requests of a lower level wait for all of a higher one. Default 0.</summary>
    [Range(-1000, 1000)]
    [DefaultValue(0)]
    public int? Level { get; init; }

    /// <summary>
    /// Whether its requests may be turned away as the fleet fills up, before it is full: none below 80 % of the room,
    /// then a share that grows to all of them at 120 %. Default: true for levels below 0.
    /// </summary>
    public bool? Sheddable { get; init; }

    /// <summary>Level with the default filled in.</summary>
    [JsonIgnore]
    public int EffectiveLevel => Level ?? 0;

    /// <summary>Sheddable with the default filled in.</summary>
    [JsonIgnore]
    public bool EffectiveSheddable => Sheddable ?? EffectiveLevel < 0;
}
