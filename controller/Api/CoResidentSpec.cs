using System.ComponentModel.DataAnnotations;
using Ops.Api.Schema;

namespace Ops.Api;

/// <summary>
/// Runs the pool's model in the pods of another pool, on the same GPUs: one engine on every gpu.count of the host's GPUs, so a
/// model of 1 GPU beside one of 4 has four engines a pod. Engines on a GPU take turns, and routers count what the neighbours
/// have to do. Replicas, scaling, clocks and the pod's template are the host's.
/// </summary>
public sealed record CoResidentSpec
{
    /// <summary>Name of the pool of the same namespace in whose pods the model runs; it has an engine of type simulated, a fixed number of replicas and is nobody's guest itself.</summary>
    [Required]
    [MaxLength(ModelPoolRules.MaxNameLength)]
    [RegularExpression("^[a-z]([-a-z0-9]*[a-z0-9])?$")]
    public string Host { get; init; } = "";

    /// <summary>
    /// Percent of each GPU's memory for the weights and the cache of this model. The host keeps what its guests leave of 90
    /// percent, so that guests together may have at most 85.
    /// </summary>
    [Required]
    [Range(1, 85)]
    public int MemoryPercent { get; init; }
}
