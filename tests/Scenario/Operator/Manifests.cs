namespace Ops.OperatorScenario;

/// <summary>Objects of the tests, as users write them.</summary>
internal static class Manifests
{
    public static string Pool(string name, int replicas = 1, string product = Products.H100, string more = "") => $"""
        apiVersion: ops.autonomic.dev/v1alpha1
        kind: ModelPool
        metadata:
          name: {name}
        spec:
          model: meta-llama/Llama-3.1-8B-Instruct
          engine:
            type: simulated
          gpu:
            product: {product}
          replicas: {replicas}
        {more}
        """;

    public static string Route(string name, params string[] pools) => $"""
        apiVersion: ops.autonomic.dev/v1alpha1
        kind: ModelRoute
        metadata:
          name: {name}
        spec:
          variants:
        {string.Join('\n', pools.Select(pool => $"  - {{pool: {pool}, quality: {{default: 0.7}}}}"))}
        """;
}
