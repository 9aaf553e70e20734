using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace Ops.Api;

/// <summary>Group, version and well-known names shared by every kind.</summary>
public static class ApiGroup
{
    /// <summary>The API group of every custom resource of Ops.</summary>
    public const string Name = "ops.autonomic.dev";

    /// <summary>The served and stored version.</summary>
    public const string Version = "v1alpha1";
}

/// <summary>The common shape of a custom resource: metadata, desired state, observed state.</summary>
/// <typeparam name="TSpec">What the user wants.</typeparam>
/// <typeparam name="TStatus">What the operator saw last.</typeparam>
public abstract class CustomResource<TSpec, TStatus> : IKubernetesObject<V1ObjectMeta>, ISpec<TSpec>, IStatus<TStatus?>
    where TSpec : new()
{
    /// <inheritdoc/>
    [JsonPropertyName("apiVersion")]
    public string ApiVersion { get; set; } = $"{ApiGroup.Name}/{ApiGroup.Version}";

    /// <inheritdoc/>
    [JsonPropertyName("kind")]
    public string Kind { get; set; } = "";

    /// <inheritdoc/>
    [JsonPropertyName("metadata")]
    public V1ObjectMeta Metadata { get; set; } = new();

    /// <inheritdoc/>
    [JsonPropertyName("spec")]
    public TSpec Spec { get; set; } = new();

    /// <inheritdoc/>
    [JsonPropertyName("status")]
    public TStatus? Status { get; set; }
}
